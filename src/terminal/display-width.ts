/** Columns a terminal needs for a text without control characters: wide letters and emoji take two, marks none. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const segment of graphemesOf(text)) width += graphemeWidth(segment);
  return width;
}

/** Cuts a text to at most `width` columns, ending in `…` when something was cut. */
export function fitWidth(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  if (width < 1) return '';
  let used = 0;
  let kept = '';
  for (const segment of graphemesOf(text)) {
    used += graphemeWidth(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Fills a text with spaces on the right up to `width` columns. */
export function padWidth(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

const ASCII = /^[ -~]*$/;

type UnicodeRules = { readonly graphemes: Intl.Segmenter; readonly zeroWidth: RegExp; readonly wide: RegExp };
let rules: UnicodeRules | null = null;

/** Made when a text first needs them: they take longer to make than most commands to run. */
function unicodeRules(): UnicodeRules {
  rules ??= {
    graphemes: new Intl.Segmenter('en', { granularity: 'grapheme' }),
    zeroWidth: /^[\p{Mn}\p{Me}\p{Cf}]+$/u,
    // The blocks Unicode's EastAsianWidth.txt marks W or F, by script; ambiguous characters count as narrow.
    wide: /^(?:[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}\p{sc=Yi}\u3000-\u303E\uFF01-\uFF60\uFFE0-\uFFE6]|\p{RGI_Emoji}|\p{Emoji_Presentation})/v,
  };
  return rules;
}

function graphemesOf(text: string): readonly string[] {
  return [...unicodeRules().graphemes.segment(text)].map(({ segment }) => segment);
}

function graphemeWidth(grapheme: string): number {
  if (ASCII.test(grapheme)) return 1;
  const { zeroWidth, wide } = unicodeRules();
  if (zeroWidth.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}
