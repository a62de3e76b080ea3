/** Lets the agent become another version of itself, when its Node asks for it. Its containers run on meanwhile. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import {
  runningProgramAnnotation,
  refusedProgramAnnotation,
  wantedProgramAnnotation,
} from '../../functions/node-protocol/agent-program.ts';
import type { Node } from '../../functions/kube/generated/types.ts';
import type { Cancel, Clock, Log } from '../../functions/world.ts';
import { programHash, type ProgramFiles } from './program-files.ts';

export interface ProgramUpdateOptions {
  readonly files: ProgramFiles;
  /** The program that the API serves, compressed by gzip. */
  readonly download: () => Promise<Uint8Array>;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
  /** Ends this process, so that another one is started. */
  readonly restart: () => void;
}

export interface ProgramUpdate {
  /** Annotations of the Node that name the running program. */
  annotations(): Readonly<Record<string, string>>;
  /** The API has answered: a program on trial has proved itself. */
  proved(): void;
  /** Becomes what the Node asks for, unless that was tried and given up. */
  consider(node: Node | undefined): Promise<void>;
}

/** A program on trial that has reached no API by then makes room for the next try. */
export const trialMs = 60_000;
/** Unpacked; the program has some 2 MB. */
const programBytesMax = 64 << 20;

export function createProgramUpdate({ files, download, clock, log, restart }: ProgramUpdateOptions): ProgramUpdate {
  const refused = files.refused();
  let cancelTrial: Cancel | undefined = files.isOnTrial() ? clock.after(trialMs, restart) : undefined;
  let isBusy = false;
  let failed: string | undefined;

  async function become(wanted: string): Promise<void> {
    const program = await promisify(gunzip)(await download(), { maxOutputLength: programBytesMax });
    if (programHash(program) !== wanted) throw new Error('the API serves another program than the Node asks for');
    files.replace(program);
    log.info('The agent becomes another version', { from: files.running, to: wanted });
    restart();
  }

  return {
    annotations: () => ({
      [runningProgramAnnotation]: files.running,
      ...(refused === undefined ? {} : { [refusedProgramAnnotation]: refused }),
    }),
    proved() {
      if (cancelTrial === undefined) return;
      cancelTrial();
      cancelTrial = undefined;
      files.prove();
    },
    async consider(node) {
      const wanted = node?.metadata.annotations?.[wantedProgramAnnotation];
      if (wanted === undefined || wanted === files.running || wanted === refused || wanted === failed || isBusy) return;
      isBusy = true;
      try {
        await become(wanted);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        // Asked for anew when the Node asks for another one, or when the agent starts again.
        failed = wanted;
        log.error('The agent cannot become the version that its Node asks for', { wanted, error: error.message });
      } finally {
        isBusy = false;
      }
    },
  };
}
