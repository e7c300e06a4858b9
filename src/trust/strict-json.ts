/** An order nests three levels; this leaves room for arguments and keeps recursive readers off the stack's end. */
const MAX_NESTING = 32;

/**
 * The value of a JSON text in exactly the form `JSON.stringify` writes, wrapped so that null can be told from failure.
 * Anything that could be read in two ways is refused: a key given twice, `__proto__`, a number that does not survive
 * a double, an escape that needs none, space, a byte order mark.
 */
export function parseStrictJson(text: string): { readonly value: unknown } | null {
  if (nesting(text) > MAX_NESTING) return null;
  try {
    const value: unknown = JSON.parse(text);
    // Escapes are in their one form here, so the key cannot hide behind another spelling.
    return JSON.stringify(value) === text && !text.includes('"__proto__":') ? { value } : null;
  } catch {
    return null;
  }
}

/** How deep brackets outside strings go; JSON.parse itself has no limit. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (char === '"') inString = !inString;
    else if (inString) index += char === '\\' ? 1 : 0;
    else if (char === '{' || char === '[') deepest = Math.max(deepest, (depth += 1));
    else if (char === '}' || char === ']') depth -= 1;
  }
  return deepest;
}
