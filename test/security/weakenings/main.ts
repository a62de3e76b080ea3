/**
 * `node test/security/weakenings/main.ts [CLASS...]`: takes each rule out of a copy of the sources. It counts the
 * generated cases of the rule's class that fail then. A test that fewer than three cases of its class defend is a list
 * of examples.
 */
import { join } from 'node:path';
import { run } from 'node:test';
import { casesFailed } from '../../support/every-case.ts';
import { copySources, type SourceCopy } from './source-copy.ts';
import { type Weakening, weakenings } from './weakenings.ts';

const casesMin = 3;
const fileMsMax = 10 * 60_000;

async function failuresIn(copy: SourceCopy, file: string): Promise<readonly string[]> {
  const failures: string[] = [];
  const events = run({ files: [join(copy.path, file)], cwd: copy.path, timeout: fileMsMax });
  events.on('test:fail', ({ details }) => {
    const { cause, failureType } = details.error as Error & { failureType?: string };
    if (failureType !== 'subtestsFailed') failures.push(cause instanceof Error ? cause.message : String(cause));
  });
  // The run ends with its events.
  for await (const _ of events);
  return failures;
}

async function defendedBy(copy: SourceCopy, { test, edits }: Weakening): Promise<number> {
  const takeBack = copy.edit(edits);
  try {
    const failures = await failuresIn(copy, test);
    if (process.env['SHOW'] !== undefined) process.stdout.write(`${failures.join('\n')}\n`);
    return failures.map(casesFailed).reduce((sum, count) => sum + count, 0);
  } finally {
    takeBack();
  }
}

const names = process.argv.slice(2);
const wanted = weakenings.filter(({ test }) => names.length === 0 || names.some((name) => test.includes(name)));
using copy = copySources();
let noticed = 0;
for (const weakening of wanted) {
  const cases = await defendedBy(copy, weakening);
  if (cases >= casesMin) noticed += 1;
  process.stdout.write(
    `${cases >= casesMin ? 'noticed' : 'MISSED '} ${String(cases).padStart(5)} cases  ${weakening.test}: without ${weakening.without}\n`,
  );
}
process.stdout.write(`${noticed} of ${wanted.length} weakenings are noticed by ${casesMin} cases or more\n`);
process.exitCode = noticed === wanted.length ? 0 : 1;
