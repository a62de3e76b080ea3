/**
 * Keeps the kernel's table of NetworkPolicies in step with the policies that the control plane sends. The table stays when
 * the agent ends: a restart opens nothing.
 */
import type { NetworkPolicy, Pod } from '../../functions/kube/generated/types.ts';
import { uidOf } from '../../functions/kube/object.ts';
import { podAddresses, type PolicyPeer } from '../../functions/kube/policy-peers.ts';
import type { Clock, Log } from '../../functions/world.ts';
import { CommandFailed, type Run } from '../network/run.ts';
import { changedTable, isAsThought, noTable, policyTable, wholeTable } from './nftables.ts';
import { createPolicyTables, type PolicyInput } from './policy-tables.ts';
import type { PolicySelection } from './selection.ts';

export interface PolicyEnforcerOptions {
  /** Runs programs in the node's network. */
  readonly run: Run;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Log;
  /** The address at which pods ask for names; '' for none. */
  readonly nameServer: string;
}

export interface WantedPolicies {
  /** The node's own pods. */
  readonly pods: readonly Pod[];
  readonly policies: readonly NetworkPolicy[];
  readonly peers: readonly PolicyPeer[];
  readonly selection: Pick<PolicySelection, 'policiesOf'>;
}

export interface PolicyEnforcer {
  /** Makes the kernel's table what these ask for. Calls queue up; a rejected one is made good by the next. */
  sync(wanted: WantedPolicies): Promise<void>;
  /** The runtime gave the pod its addresses. Resolves when its policies hold, so that its containers may start. */
  attach(pod: Pod, addresses: readonly string[], wanted: WantedPolicies): Promise<void>;
  close(): Promise<void>;
}

/** How often a sync compares what is in the kernel. */
const checkPeriodMs = 60_000;

export const createPolicyEnforcer = (options: PolicyEnforcerOptions): PolicyEnforcer => new Enforcer(options);

class Enforcer implements PolicyEnforcer {
  readonly #options: PolicyEnforcerOptions;
  readonly #tables = createPolicyTables();
  /** Addresses of pods that the control plane may not know yet. */
  readonly #attached = new Map<string, readonly string[]>();
  /** What the kernel has: unknown after a start and after a failure. */
  #kernel: 'unknown' | 'no table' | 'table' = 'unknown';
  #checkedMs = 0;
  #closed = false;
  #queue: Promise<void> = Promise.resolve();

  constructor(options: PolicyEnforcerOptions) {
    this.#options = options;
  }

  sync(wanted: WantedPolicies): Promise<void> {
    const synced = this.#queue.then(() => (this.#closed ? undefined : this.#apply(wanted)));
    this.#queue = synced.catch((error: unknown) => this.#options.log.debug('The next sync writes all policies', { error }));
    return synced;
  }

  async attach(pod: Pod, addresses: readonly string[], wanted: WantedPolicies): Promise<void> {
    const known = this.#attached.get(uidOf(pod));
    if (known?.join() === addresses.join()) return;
    this.#attached.set(uidOf(pod), addresses);
    if (wanted.selection.policiesOf(pod).length > 0) await this.sync(wanted);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
  }

  #input({ pods, policies, peers, selection }: WantedPolicies): PolicyInput {
    const uids = new Set(pods.map(uidOf));
    for (const uid of this.#attached.keys()) if (!uids.has(uid)) this.#attached.delete(uid);
    const own = pods
      .filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
      .map((pod) => ({ pod, addresses: this.#attached.get(uidOf(pod)) ?? podAddresses(pod), policies: selection.policiesOf(pod) }));
    return { pods: own, policies, peers, nameServer: this.#options.nameServer };
  }

  async #apply(wanted: WantedPolicies): Promise<void> {
    const changes = this.#tables.update(this.#input(wanted));
    const wasThere = this.#kernel === 'table' && (await this.#isThere());
    const { text, kernel } = this.#tables.isEmpty()
      ? { text: this.#kernel === 'no table' ? '' : noTable, kernel: 'no table' as const }
      : { text: wasThere ? changedTable(changes) : wholeTable(this.#tables.whole()), kernel: 'table' as const };
    // Until nft has accepted it, nothing is known about the table.
    this.#kernel = 'unknown';
    if (text !== '') await this.#options.run(['nft', '-f', '-'], { input: text });
    if (!wasThere) this.#checkedMs = this.#options.clock.monotonicMs();
    this.#kernel = kernel;
  }

  async #isThere(): Promise<boolean> {
    const { run, clock, log } = this.#options;
    if (clock.monotonicMs() - this.#checkedMs < checkPeriodMs) return true;
    this.#checkedMs = clock.monotonicMs();
    try {
      if (isAsThought(await run(['nft', '-j', '-t', 'list', 'table', 'inet', policyTable]), this.#tables.whole())) return true;
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
    }
    log.warn('Another program changed the table of policies; it is written anew', { table: policyTable });
    return false;
  }
}
