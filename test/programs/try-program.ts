/**
 * Tries one program: installs, uses, upgrades and removes it. While its controllers are stopped, an attempt to use it must
 * fail; when they are back, another must succeed.
 */
import { eventually } from '../support/eventually.ts';
import type { Program, Stand } from './program.ts';

/** What a first attempt may take, images and elections of leaders included. */
const useMsMax = 240_000;
/** How long an attempt without controllers is given: longer than the one that succeeded, within these. */
const [stoppedMsMin, stoppedMsMax] = [15_000, 120_000];
const stoppedFactor = 1.5;

/** `standOf` gives the cluster as a program sees it. */
export async function tryProgram(program: Program, standOf: (program: Program) => Stand, note: (text: string) => void): Promise<void> {
  for (const needed of program.needs ?? []) {
    note(`Installing ${needed.name}, which it needs`);
    await needed.install(standOf(needed), needed.versions.at(-1) ?? '');
  }
  const stand = standOf(program);
  const [first = '', ...later] = program.versions;
  const attempt = (id: string, version: string, limitMs = useMsMax): Promise<void> => program.use(stand, { id, limitMs }, version);
  note(`Installing ${first}`);
  await program.install(stand, first);
  note('Using it');
  let tookMs = await timed(() => attempt('first', first));
  for (const [index, version] of later.entries()) {
    note(`Upgrading to ${version}`);
    await program.install(stand, version);
    tookMs = await timed(() => attempt(`upgraded-${index + 1}`, version));
  }
  if (program.controllers.length > 0) {
    const version = program.versions.at(-1) ?? first;
    await failsWithout(program, stand, {
      attempt: (id, limitMs) => attempt(id, version, limitMs),
      limitMs: Math.min(Math.max(tookMs * stoppedFactor, stoppedMsMin), stoppedMsMax),
      note,
    });
  }
  note('Removing it');
  await program.remove(stand);
}

interface Stopping {
  readonly attempt: (id: string, limitMs?: number) => Promise<void>;
  readonly limitMs: number;
  readonly note: (text: string) => void;
}

async function failsWithout(program: Program, stand: Stand, { attempt, limitMs, note }: Stopping): Promise<void> {
  note(`Stopping ${program.controllers.join(', ')}`);
  const restarts: (() => Promise<void>)[] = [];
  for (const controller of program.controllers) restarts.push(await stop(stand, controller));
  const succeeded = await attempt('stopped', limitMs).then(
    () => true,
    () => false,
  );
  if (succeeded) throw new Error(`it does the same while ${program.controllers.join(', ')} do not run`);
  note('Starting them again');
  for (const restart of restarts) await restart();
  await attempt('again');
}

/** Stops what `NAMESPACE KIND/NAME` names, and resolves when its pods are gone; the function starts it again. */
async function stop(stand: Stand, controller: string): Promise<() => Promise<void>> {
  const { kubectl } = stand;
  const [namespace = '', object = ''] = controller.split(' ');
  const of = ['-n', namespace, object];
  const found = await kubectl.json<Workload>('get', ...of);
  const selector = Object.entries(found.spec.selector.matchLabels)
    .map((label) => label.join('='))
    .join(',');
  const started = (): Promise<string> => kubectl.ok('rollout', 'status', ...of, '--timeout=240s');
  const gone = (): Promise<void> =>
    eventually(async () => {
      const pods = await kubectl.ok('get', 'pods', '-n', namespace, '-l', selector, '-o', 'name');
      if (pods !== '') throw new Error(`pods of ${controller} still run: ${pods}`);
    });
  if (object.startsWith('daemonset/')) {
    const nodeSelector = (value: string | null): Promise<string> =>
      kubectl.ok('patch', ...of, '-p', JSON.stringify({ spec: { template: { spec: { nodeSelector: { stopped: value } } } } }));
    await nodeSelector('true');
    await gone();
    return async () => {
      await nodeSelector(null);
      await started();
    };
  }
  await kubectl.ok('scale', ...of, '--replicas=0');
  await gone();
  return async () => {
    await kubectl.ok('scale', ...of, `--replicas=${found.spec.replicas ?? 1}`);
    await started();
  };
}

interface Workload {
  readonly spec: { readonly replicas?: number; readonly selector: { readonly matchLabels: Readonly<Record<string, string>> } };
}

async function timed(task: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await task();
  return performance.now() - startedMs;
}
