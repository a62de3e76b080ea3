/** Puts what machines fetch that join into a bundle: the agent and the command line, each in one file. Node's own they bring. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleAgent } from '../../agent/bundle.ts';
import { programHash } from '../../agent/upgrade/program-files.ts';
import { joinFileNames } from '../../functions/apiserver/nodes/join-script.ts';
import { joinDirectory, joinHashesFile } from '../../functions/lambda/bundled-join-files.ts';
import { bundleCommandLine } from './bundle-command-line.ts';

type Programs = ReadonlyMap<string, Buffer<ArrayBuffer>>;

async function makePrograms(): Promise<Programs> {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-join-'));
  try {
    const made = await Promise.all([bundleAgent(join(directory, 'agent.mjs')), bundleCommandLine(join(directory, 'hibernetes.mjs'))]);
    const [agent, commandLine] = made;
    return new Map([
      [joinFileNames.agent, readFileSync(agent)],
      [joinFileNames.commandLine, readFileSync(commandLine)],
    ]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Several functions of one deployment have them. */
let programs: Promise<Programs> | undefined;

export const joinPrograms = (): Promise<Programs> => (programs ??= makePrograms());

export async function copyJoinFiles(bundleDirectory: string): Promise<void> {
  const directory = join(bundleDirectory, joinDirectory);
  mkdirSync(directory);
  const made = [...(await joinPrograms())];
  for (const [name, bytes] of made) writeFileSync(join(directory, `${name}.gz`), gzipSync(bytes));
  const hashes = made.map(([name, bytes]) => [name, programHash(bytes)]);
  writeFileSync(join(directory, joinHashesFile), JSON.stringify(Object.fromEntries(hashes)));
}
