/**
 * A reporter for Node's test runner that a program can read: a line where a test begins, where it ends, for its result, and
 * for each summary.
 */
import type { TestEvent } from 'node:test/reporters';

export interface ReportLine {
  /** The file that holds the test; in a summary, the file that it is about. A summary of everything has none. */
  readonly file?: string | undefined;
  readonly began?: string;
  readonly ended?: string;
  readonly summary?: { readonly tests: number; readonly passed: number; readonly skipped: number; readonly todo: number };
}

export default async function* counted(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const line = (content: ReportLine): string => `${JSON.stringify(content)}\n`;
  for await (const { type, data } of source) {
    if (type === 'test:dequeue') yield line({ file: data.file, began: data.name });
    if (type === 'test:complete') yield line({ file: data.file, ended: data.name });
    if (type === 'test:pass' || type === 'test:fail') yield line({ file: data.file });
    if (type === 'test:summary') {
      const { tests, passed, skipped, todo } = data.counts;
      yield line({ file: data.file ?? undefined, summary: { tests, passed, skipped, todo } });
    }
  }
}
