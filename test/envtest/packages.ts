/** The packages of controller-runtime whose tests start an environment, as programs that Go makes of them. */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCommand } from '../../agent/network/run.ts';
import { moduleDirectory } from '../programs/go-programs.ts';

/** It is built on the libraries of the release that we serve. */
const version = 'v0.25.2';

/** Below `pkg`. */
export const packages = [
  'builder',
  'cache',
  'client',
  'client/apiutil',
  'cluster',
  'controller',
  'controller/controllerutil',
  'envtest',
  'handler',
  'internal/controller',
  'internal/recorder',
  'manager',
  'manager/internal/integration',
  'metrics/filters',
  'reconcile',
  'source',
  'webhook',
] as const;
export type Package = (typeof packages)[number];

export interface TestProgram {
  readonly file: string;
  /** Where it finds its data. */
  readonly directory: string;
}

const buildMsMax = 1_200_000;

/** Programs stay in the cache. */
export async function testProgramOf(name: Package, cache: string, note: (text: string) => void): Promise<TestProgram> {
  const source = await moduleDirectory({ path: 'sigs.k8s.io/controller-runtime' }, version);
  const file = join(cache, 'controller-runtime', version, `${name.replaceAll('/', '-')}.test`);
  if (!existsSync(file)) {
    note(`Building the tests of ${name}`);
    mkdirSync(dirname(file), { recursive: true });
    const build = ['go', 'test', '-C', source, '-c', '-vet=off', '-mod=readonly', '-o', `${file}.partial`, `./pkg/${name}`];
    await runCommand(['env', 'CGO_ENABLED=0', ...build], { timeoutMs: buildMsMax });
    renameSync(`${file}.partial`, file);
  }
  return { file, directory: join(source, 'pkg', name) };
}
