import { CONFINED, IO_MODULES, LAYERS, PURE } from './layers.ts';

/** The text of .oxlintrc.json: the fixed rules, and the layer table as import restrictions. */
export function renderLintConfig(): string {
  return `${JSON.stringify({ ...RULES, overrides: [...layerOverrides(), ...PLACES] }, null, 2)}\n`;
}

function layerOverrides(): readonly unknown[] {
  const all = Object.keys(LAYERS);
  return all.map((layer) => {
    const forbidden = all.filter((other) => other !== layer && !(LAYERS[layer] ?? []).includes(other));
    const modules = CONFINED.filter((entry) => entry.to !== layer).map((entry) => entry.module);
    const io = PURE.includes(layer) ? IO_MODULES : [];
    return {
      files: [`src/${layer}/**`],
      rules: {
        'no-restricted-imports': [
          'error',
          {
            paths: [...new Set([...modules, ...io])].map((name) => ({
              name,
              message: `not for ${layer}/: see docs/architecture.md, Layers`,
            })),
            patterns: forbidden.map((other) => ({
              group: [`**/${other}/*`],
              message: `${layer}/ may not import ${other}/: see docs/architecture.md, Layers`,
            })),
          },
        ],
      },
    };
  });
}

/** They return promises that the test runner itself waits for. */
const testFunctions = { from: 'package', package: 'node:test', name: ['test', 'describe', 'it', 'suite'] };

const RULES = {
  $schema: './node_modules/oxlint/configuration_schema.json',
  plugins: ['typescript', 'import', 'unicorn', 'node', 'promise'],
  categories: { correctness: 'error' },
  env: { node: true, es2024: true },
  rules: {
    'typescript/no-explicit-any': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-floating-promises': ['error', { allowForKnownSafeCalls: [testFunctions] }],
    'typescript/no-misused-promises': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    'typescript/explicit-module-boundary-types': 'error',
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'unicorn/filename-case': ['error', { case: 'kebabCase' }],
    'unicorn/no-process-exit': 'error',
    'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
    'max-params': ['error', { max: 3 }],
    'max-depth': ['error', { max: 3 }],
    complexity: ['error', { max: 12 }],
    'no-console': 'error',
    'no-eval': 'error',
    eqeqeq: 'error',
  },
  ignorePatterns: ['build', 'node_modules'],
};

/** What holds elsewhere in some folders, each with its reason. */
const PLACES = [
  // Programs for developers, not part of celeroot: they print, and the bench and the lab are long scripts.
  { files: ['scripts/**', 'bench/**', 'lab/**'], rules: { 'no-console': 'off', complexity: 'off' } },
  // A test file is a list; splitting it at 300 lines would part cases that belong together.
  {
    files: ['**/*.test.ts'],
    rules: { 'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }] },
  },
];
