import { isAlias, isMap, type Node } from 'yaml';
import { afterColon } from './node-span.ts';
import { asNode, ownPair, type YamlDocument } from './yaml-document.ts';
import { isMergeKey } from './yaml-value.ts';

/** Why what stands at a path cannot be edited in place, as far as the text shows it. */
export function whyNotEditable({ text, root, problems }: YamlDocument, path: readonly string[]): string {
  if (problems.length > 0) return 'the text has mistakes';
  let node = root;
  for (const step of path) {
    const shared = sharedBy(node);
    if (shared !== null) return shared;
    if (!isMap(node)) return LAYOUT;
    const pair = ownPair(node, step);
    if (pair === null) return node.items.some(isMergeKey) ? 'it comes from a mapping merged by <<' : LAYOUT;
    if (afterColon(text, pair) === null) return `the name ${step} and its colon are not on one line, as after ?`;
    node = asNode(pair.value);
  }
  return sharedBy(node) ?? LAYOUT;
}

const LAYOUT = 'its lines are laid out in a way celeroot does not know';

function sharedBy(node: Node | null): string | null {
  if (isAlias(node)) return `it is what the anchor &${node.source} stands for`;
  const anchor = node !== null && 'anchor' in node ? node.anchor : undefined;
  return typeof anchor === 'string' ? `the anchor &${anchor} lets other parts share it` : null;
}
