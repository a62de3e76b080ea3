/** `npm run check`: the architecture tests, types, lint and format, without the other tests. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const commands = [
  ['tsc', '-p', '.'],
  ['oxlint', '--type-aware'],
  ['oxfmt', '--check', '.'],
  ['knip', '--no-config-hints'],
  ['node', '--test', 'test/architecture/**/*.test.ts'],
];
// All of them run, so that one run shows every finding.
const failed = commands.filter(([program = '', ...args]) => spawnSync(program, args, { cwd: root, stdio: 'inherit' }).status !== 0);
process.exit(failed.length === 0 ? 0 : 1);
