/**
 * Runs test files in this process, as `node --test --test-isolation=none` does, and reports as that would with its flags:
 * DESTINATION FILE... Only a program that Node does not run as its test runner can be given untracked-promises.ts in time.
 */
import { createWriteStream } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import counted from './count-reporter.ts';

const [destination = '', ...files] = process.argv.slice(2);
const events = run({ files, isolation: 'none' });
events.on('test:summary', ({ success }) => {
  if (!success) process.exitCode = 1;
});
events.compose(new spec()).pipe(process.stdout);
events.compose(counted).pipe(createWriteStream(destination));
