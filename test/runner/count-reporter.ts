/** A reporter for Node's test runner that a program can read: a line for each test, and one for each summary. */
import type { TestEvent } from 'node:test/reporters';

export interface ReportLine {
  /** The file that holds the test; in a summary, the file that it is about. A summary of everything has none. */
  readonly file?: string | undefined;
  readonly summary?: { readonly tests: number; readonly passed: number; readonly skipped: number; readonly todo: number };
}

export default async function* counted(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const line = (content: ReportLine): string => `${JSON.stringify(content)}\n`;
  for await (const { type, data } of source) {
    if (type === 'test:pass' || type === 'test:fail') yield line({ file: data.file });
    if (type === 'test:summary') {
      const { tests, passed, skipped, todo } = data.counts;
      yield line({ file: data.file ?? undefined, summary: { tests, passed, skipped, todo } });
    }
  }
}
