/**
 * When a kubelet probes, and what it reports. kubelet-traces.jsonl records the prober of Kubernetes 1.37.2 under Go's virtual
 * time, with random probes, restarts, failures and deletions. The test evaluates the pod a millisecond after each result.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ContainerStatus } from '../runtime/runtime.ts';
import type { Container, Pod, Probe } from '../../functions/kube/generated/types.ts';
import { container, pod, running, sandbox } from '../../test/support/node-pod.ts';
import { virtualWorld, type VirtualWorld } from '../../test/support/virtual-world.ts';
import type { ProbeType } from './probe-results.ts';
import { createProber, type Prober } from './prober.ts';

interface Trace {
  readonly probes: Readonly<Partial<Record<ProbeType, Omit<Probe, 'exec'>>>>;
  readonly runs: readonly { readonly startedAtMs: number; readonly endedAtMs?: number }[];
  readonly failing: Readonly<Partial<Record<ProbeType, readonly (readonly [from: number, to: number])[]>>>;
  readonly deletedAtMs?: number;
  readonly untilMs: number;
  /** `readiness 0@7001`: which probe of which run, and when. */
  readonly asked: readonly string[];
  /** `7001 started=true ready=false`, where it changes. */
  readonly found: readonly string[];
}

const traces = readFileSync(join(import.meta.dirname, 'kubelet-traces.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Trace);

class Replay {
  readonly asked: string[] = [];
  readonly found: string[] = [];
  readonly #trace: Trace;
  readonly #world: VirtualWorld = virtualWorld();
  readonly #prober: Prober;
  readonly #container: Container;
  #due = 0;

  constructor(trace: Trace) {
    this.#trace = trace;
    const probeOf = (type: ProbeType): Probe | undefined => {
      const probe = trace.probes[type];
      return probe === undefined ? undefined : { ...probe, exec: { command: [type] } };
    };
    const probes = { startupProbe: probeOf('startup'), livenessProbe: probeOf('liveness'), readinessProbe: probeOf('readiness') };
    this.#container = container('main', Object.fromEntries(Object.entries(probes).filter(([, probe]) => probe !== undefined)));
    this.#prober = createProber({
      ...this.#world,
      hostIps: [],
      check: async ({ exec }, { containerId }) => this.#answer(exec?.command?.[0] as ProbeType, containerId),
      onChange: () => this.#evaluateSoon(),
      onEvent: () => {},
    });
  }

  async run(): Promise<void> {
    const { runs, deletedAtMs, untilMs } = this.#trace;
    this.#evaluate();
    await this.#world.settle();
    const times = runs.flatMap(({ startedAtMs, endedAtMs }) => [startedAtMs, endedAtMs]);
    const due = [...times, deletedAtMs].filter((time) => time !== undefined).toSorted((a, b) => a - b);
    for (const time of due) {
      await this.#world.advance(time - this.#nowMs());
      this.#evaluate();
      await this.#world.settle();
    }
    await this.#world.advance(untilMs - this.#nowMs());
  }

  #nowMs(): number {
    return this.#world.clock.monotonicMs();
  }

  #answer(type: ProbeType, containerId: string) {
    const nowMs = this.#nowMs();
    this.asked.push(`${type} ${containerId.replace('main-', '')}@${nowMs}`);
    const fails = (this.#trace.failing[type] ?? []).some(([from, to]) => nowMs >= from && nowMs < to);
    return fails ? ({ outcome: 'failure', message: 'no' } as const) : ({ outcome: 'success' } as const);
  }

  /** One evaluation of the pod for each result, a millisecond apart. */
  #evaluateSoon(): void {
    this.#due += 1;
    if (this.#due === 1) this.#world.clock.after(1, () => this.#evaluateDue());
  }

  #evaluateDue(): void {
    this.#evaluate();
    this.#due -= 1;
    if (this.#due > 0) this.#world.clock.after(1, () => this.#evaluateDue());
  }

  #evaluate(): void {
    const nowMs = this.#nowMs();
    const { deletedAtMs = Infinity } = this.#trace;
    const own: Pod = pod({ containers: [this.#container] });
    const deletionTimestamp = nowMs >= deletedAtMs ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
    const newest = this.#newest(nowMs);
    const zeroMs = this.#world.clock.now() - nowMs;
    this.#prober.follow(
      { ...own, metadata: { ...own.metadata, ...deletionTimestamp } },
      { sandboxes: [sandbox({ createdAtMs: zeroMs })], containers: newest === undefined ? [] : [newest] },
    );
    this.#note(nowMs, newest);
  }

  #newest(nowMs: number): ContainerStatus | undefined {
    const attempt = this.#trace.runs.findLastIndex(({ startedAtMs }) => startedAtMs <= nowMs);
    const run = this.#trace.runs[attempt];
    if (run === undefined) return undefined;
    const zeroMs = this.#world.clock.now() - nowMs;
    const status = running('main', { attempt, startedAtMs: zeroMs + run.startedAtMs });
    return nowMs >= (run.endedAtMs ?? Infinity) ? { ...status, state: 'exited' } : status;
  }

  /** Records the probes' results as the pod's status would show them. */
  #note(nowMs: number, newest: ContainerStatus | undefined): void {
    const { probes } = this.#trace;
    const finding = this.#prober.findings()[newest?.id ?? ''] ?? {};
    const isRunning = newest?.state === 'running';
    const started = isRunning && (probes.startup === undefined || finding.started === true);
    const ready = started && (probes.readiness === undefined || finding.ready === true);
    const failed =
      isRunning && nowMs < (this.#trace.deletedAtMs ?? Infinity) && finding.failed !== undefined ? ` failed ${finding.failed}` : '';
    const line = `started=${started} ready=${ready}${failed}`;
    if (this.found.at(-1)?.endsWith(` ${line}`) !== true) this.found.push(`${nowMs} ${line}`);
  }
}

const inOrder = (asked: readonly string[]): readonly string[] =>
  asked.toSorted((a, b) => Number(a.split('@')[1]) - Number(b.split('@')[1]) || (a < b ? -1 : 1));

test(`asks and reports when a kubelet does, in ${traces.length} lives of pods`, async () => {
  for (const [index, trace] of traces.entries()) {
    const replay = new Replay(trace);
    await replay.run();
    const { asked, found, ...life } = trace;
    const about = `life ${index}: ${JSON.stringify(life)}`;
    assert.deepEqual(inOrder(replay.asked), inOrder(asked), about);
    assert.deepEqual(replay.found, found, about);
  }
});
