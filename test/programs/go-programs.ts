/** Programs of Go modules. */
import { mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { runCommand } from '../../agent/network/run.ts';
import type { GoModule } from './program.ts';

const downloadMsMax = 300_000;
/** The largest take ten minutes on two cores. */
const buildMsMax = 1_800_000;

/** The directory of the module's files, which the go command keeps. */
export async function moduleDirectory({ path }: Pick<GoModule, 'path'>, version: string): Promise<string> {
  const download = ['go', 'mod', 'download', '-json', `${path}@${version}`];
  const answer: { readonly Dir: string } = JSON.parse(await runCommand(download, { timeoutMs: downloadMsMax }));
  return answer.Dir;
}

/** Makes `file`, whole or not at all. */
export async function buildGoProgram(name: string, module: GoModule, version: string, file: string): Promise<void> {
  const mainPackage = module.packages[name];
  if (mainPackage === undefined) throw new Error(`the recipe of ${module.path} has no program ${name}`);
  mkdirSync(dirname(file), { recursive: true });
  const flags = ['-mod=readonly', '-trimpath', '-ldflags', `-s -w ${module.linkerFlags?.(version) ?? ''}`];
  const build = ['go', 'build', '-C', await moduleDirectory(module, version), ...flags, '-o', `${file}.partial`, mainPackage];
  await runCommand(['env', 'CGO_ENABLED=0', ...build], { timeoutMs: buildMsMax });
  renameSync(`${file}.partial`, file);
}
