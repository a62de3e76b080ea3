/** What QEMU itself does on request, through its monitor's socket: it freezes a machine. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';

/** Writing the memory of a machine to its disk takes seconds. */
const answerMsMax = 120_000;

interface Answer {
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

/** Runs commands one after another; the last may end QEMU. Source: QEMU, docs/interop/qmp-spec. */
export async function askMonitor(socketFile: string, commands: readonly object[]): Promise<void> {
  const socket = createConnection(socketFile);
  const timer = setTimeout(() => socket.destroy(new Error(`QEMU did not answer within ${answerMsMax} ms`)), answerMsMax);
  try {
    await once(socket, 'connect');
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    const answer = async (): Promise<Answer | undefined> => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true) return undefined;
        const reply = JSON.parse(value) as Answer;
        // Greetings and events are no answers.
        if (reply.return !== undefined || reply.error !== undefined) return reply;
      }
    };
    for (const command of [{ execute: 'qmp_capabilities' }, ...commands]) {
      socket.write(`${JSON.stringify(command)}\n`);
      const reply = await answer();
      assert.equal(reply?.error?.desc, undefined);
      // The monitor for people answers with text where something failed.
      if ('arguments' in command) assert.equal(reply?.return, '');
    }
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

const tag = 'frozen';

/** The state of the whole machine, memory included, goes into its disk; then QEMU ends. */
export const freeze = (socketFile: string): Promise<void> =>
  askMonitor(socketFile, [{ execute: 'human-monitor-command', arguments: { 'command-line': `savevm ${tag}` } }, { execute: 'quit' }]);

/** Words of QEMU's command line that go on from there. */
export const thawWords: readonly string[] = ['-loadvm', tag];
