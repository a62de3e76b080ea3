/**
 * The agent's own program on the disk, and beside it the one before. A new program is on trial until the API answers it.
 * The script that starts the agent counts the starts. After too many it goes back to the program before.
 */
import { createHash } from 'node:crypto';
import { closeSync, copyFileSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * How Node is started for the agent, whose heap is small and mostly garbage soon: a young generation of the usual size would
 * be most of the process. One thread helps to collect it, and glibc keeps one heap for all threads, not one for each.
 * With 50 pods that saves half of its memory (`npm run bench:node`).
 */
export const nodeCommand = (node: string): readonly string[] => [
  'env',
  'MALLOC_ARENA_MAX=1',
  node,
  '--max-semi-space-size=1',
  '--optimize-for-size',
  '--v8-pool-size=1',
];

/** With which an agent ends that is to be started again at once. Source: EX_TEMPFAIL of sysexits.h. */
export const restartCode = 75;

/** Starts that a new program has to reach the API. */
export const trialStartsMax = 3;

export interface ProgramFiles {
  /** Hex SHA-256 of the program as this process was started with it. */
  readonly running: string;
  isOnTrial(): boolean;
  /** Ends the trial: the program stays. */
  prove(): void;
  /** The hash of the program that was tried last and given up. */
  refused(): string | undefined;
  /** The next start runs it. */
  replace(program: Uint8Array): void;
}

export const programHash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const previousOf = (program: string): string => `${program}.previous`;
/** Holds the number of starts so far. */
export const trialOf = (program: string): string => `${program}.trial`;
export const refusedOf = (program: string): string => `${program}.refused`;

function writeSafely(file: string, bytes: Uint8Array): void {
  writeFileSync(file, bytes, { mode: 0o644 });
  const handle = openSync(file, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

export function programFiles(program: string): ProgramFiles {
  const running = programHash(readFileSync(program));
  return {
    running,
    isOnTrial: () => existsSync(trialOf(program)),
    prove: () => rmSync(trialOf(program), { force: true }),
    refused: () => (existsSync(refusedOf(program)) ? readFileSync(refusedOf(program), 'utf8').trim() : undefined),
    replace(bytes) {
      copyFileSync(program, previousOf(program));
      writeSafely(`${program}.new`, bytes);
      writeFileSync(trialOf(program), '0\n');
      renameSync(`${program}.new`, program);
    },
  };
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** A shell's script, so that it works whatever is wrong with the program. */
export const startScript = (node: string, program: string, configFile: string): string => `#!/bin/sh
# Starts the agent. A new program that has not reached the API after ${trialStartsMax} starts gives way to the one before it.
set -eu
program=${quoted(program)}
if [ -f "$program.trial" ]; then
  starts=$(cat "$program.trial")
  if [ "$starts" -ge ${trialStartsMax} ] && [ -f "$program.previous" ]; then
    sha256sum "$program" | cut -d ' ' -f 1 >"$program.refused"
    mv "$program.previous" "$program"
    rm -f "$program.trial"
  else
    echo $((starts + 1)) >"$program.trial"
  fi
fi
exec ${nodeCommand(quoted(node)).join(' ')} "$program" ${quoted(configFile)}
`;
