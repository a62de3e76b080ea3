/**
 * `hibernetes prove`: deploys a stack of its own into an account, uses and changes it, and removes it. Nothing of it stays. It
 * prints a report of what was seen and measured. AWS itself holds the stack to limits, so that the bill has a bound.
 */
import { jsonService } from '../../../functions/aws/json-service.ts';
import type { Client } from '../../../functions/client/client.ts';
import { realWorld } from '../../../functions/world.ts';
import type { ApiHost } from '../../aws/deployment.ts';
import { agree } from '../agree.ts';
import { CliError } from '../cli-error.ts';
import { withAccount, type CloudAccount } from '../cloud-account.ts';
import { cloudFile } from '../cloud-kubeconfig.ts';
import { deleteTable } from '../cloud-left-table.ts';
import { withCloudApi } from '../cloud-nodes.ts';
import { resourcesOf, type CloudResource } from '../cloud-resources.ts';
import { findStack, type CloudCluster } from '../cloud-stack.ts';
import { deployStack } from '../deploy.ts';
import { destroyStack } from '../destroy.ts';
import { announce, print, progressOf, type OutputChoice } from '../output.ts';
import { programVersion } from '../own-program.ts';
import type { Progress } from '../progress.ts';
import { makeToken } from '../token.ts';
import { countedUse } from './counted-use.ts';
import { createPatience, type Patience } from './patience.ts';
import { centsAtMost, centsOf, latenciesOf, proofLimits, reportText, type CountedUse, type ProofStep } from './proof.ts';
import {
  execByGate,
  removeDeployment,
  rollDeployment,
  runDeployment,
  timeRequests,
  type Timed,
  untilJoined,
  writeMeanwhile,
} from './workload.ts';

export interface ProveOptions extends OutputChoice {
  readonly region?: string;
  readonly host: ApiHost;
  readonly nodes: number;
  /** Machines that the user joins, instead of those of the stack. */
  readonly ownMachines?: boolean;
  readonly image: string;
  readonly minutes: number;
  readonly cents: number;
  readonly yes?: boolean;
  readonly dataDir: string;
}

const stack = 'HibernetesProof';
const tokenSeconds = 3600;
const answerMsMax = 30_000;
const nothingCounted: CountedUse = { invocations: undefined, gbSeconds: undefined, writeUnits: undefined, readUnits: undefined };
const { clock } = realWorld('error');

/** One proof: its steps one after the other, until one fails. */
class Proof {
  readonly steps: ProofStep[] = [];
  timed: Timed = { readMs: [], writeMs: [] };
  used = nothingCounted;
  private readonly account: CloudAccount;
  private readonly options: ProveOptions;
  private readonly progress: Progress;
  private readonly patience: Patience;
  private readonly startMs = clock.now();
  private cluster: CloudCluster | undefined;
  private resources: readonly CloudResource[] = [];

  constructor(account: CloudAccount, options: ProveOptions) {
    this.account = account;
    this.options = options;
    this.progress = progressOf(options);
    this.patience = createPatience(clock, clock.monotonicMs() + options.minutes * 60_000);
  }

  get seconds(): number {
    return (clock.now() - this.startMs) / 1000;
  }

  /** Whatever happens in between, the stack goes. */
  async run(): Promise<void> {
    const { nodes, image, dataDir } = this.options;
    const { patience } = this;
    const isUsed =
      (await this.step('a stack is deployed', () => this.deploy([]))) &&
      (await this.step('machines become nodes', () => this.join(nodes))) &&
      (await this.step('a Deployment runs', () => this.withApi((client) => runDeployment(client, image, patience)))) &&
      (await this.step('requests are answered', () => this.measure()));
    if (isUsed) {
      await this.step('a program runs in a container', () =>
        this.withApi((client) => execByGate(client, cloudFile(dataDir, stack, 'default.kubeconfig'))),
      );
      await this.step('a Deployment rolls', () => this.withApi((client) => rollDeployment(client, patience)));
      await this.step('changed functions take over', () => this.change());
      await this.step('what is deleted goes', () => this.withApi((client) => removeDeployment(client, patience)));
    }
    if (this.resources.length > 0) this.used = await countedUse(this.account, this.resources, this.startMs);
    await this.recorded('nothing is left', () => this.remove());
  }

  /** Begins only within the proof's time. */
  private step(name: string, work: () => Promise<string>): Promise<boolean> {
    const late = new CliError('The time of the proof was over.');
    return this.recorded(name, () => (this.patience.isOver() ? Promise.reject(late) : work()));
  }

  private async recorded(name: string, work: () => Promise<string>): Promise<boolean> {
    const startMs = clock.monotonicMs();
    const note = (isProven: boolean, found: string): boolean => {
      this.steps.push({ name, isProven, seconds: (clock.monotonicMs() - startMs) / 1000, found });
      this.progress.note(`${isProven ? 'Proven' : 'Not proven'}: ${name} (${found})`);
      return isProven;
    };
    try {
      return note(true, await work());
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return note(false, error.message);
    }
  }

  /** Each time with a token of its own, since they are good for minutes. */
  private withApi<T>(work: (client: Client) => Promise<T>): Promise<T> {
    if (this.cluster === undefined) throw new CliError('There is no cluster.');
    return withCloudApi(this.account, this.cluster, ({ client }) => work(client));
  }

  private async deploy(changes: readonly string[]): Promise<string> {
    const { host, nodes, ownMachines, dataDir } = this.options;
    const limits = Object.entries(proofLimits).map(([name, value]) => `${name}=${value}`);
    const context = ['alarms=none', ...limits, ...changes];
    const machines = ownMachines === true ? 0 : nodes;
    const { clusters } = await deployStack(this.account, { stack, host, nodes: machines, context, dataDir }, this.progress);
    this.cluster = clusters[0];
    this.resources = await resourcesOf(this.account, stack);
    return `${this.resources.length} resources`;
  }

  private async join(count: number): Promise<string> {
    const { cluster, options, patience } = this;
    if (options.ownMachines === true && cluster !== undefined) {
      const { token } = await this.withApi((client) => makeToken(client, { ttl: tokenSeconds, description: 'hibernetes prove' }));
      announce(options, `Make ${count} machines nodes now:\n  hibernetes join ${cluster.endpoint} --token ${token}\n`);
    }
    return this.withApi((client) => untilJoined(client, count, patience));
  }

  private async measure(): Promise<string> {
    this.timed = await this.withApi(timeRequests);
    return `${this.timed.readMs.length} reads and ${this.timed.writeMs.length} writes`;
  }

  private async change(): Promise<string> {
    let isOver = false;
    const changed = this.deploy(['enableAdmissionPlugins=AlwaysPullImages']).finally(() => (isOver = true));
    const [found] = await Promise.all([this.withApi((client) => writeMeanwhile(client, () => isOver)), changed]);
    return found;
  }

  /** The table and the key of its secrets, too, which outlive other stacks. */
  private async remove(): Promise<string> {
    const { account, options, progress } = this;
    const made = await findStack(account, stack);
    if (made === undefined) return 'there was no stack';
    await destroyStack(account, made, { dataDir: options.dataDir, progress });
    if (made.table !== undefined) await deleteTable(account, made.table);
    if (made.envelopeSecret !== undefined) await deleteSecret(account, made.envelopeSecret);
    return 'functions, queues, table and key are gone';
  }
}

async function deleteSecret({ region, credentials }: CloudAccount, SecretId: string): Promise<void> {
  const service = jsonService({
    region,
    credentials,
    service: 'secretsmanager',
    target: 'secretsmanager',
    version: '1.1',
    clock,
    answerMsMax,
  });
  try {
    await service.call('DeleteSecret', { SecretId, ForceDeleteWithoutRecovery: true });
  } finally {
    service.close();
  }
}

export async function prove(options: ProveOptions): Promise<void> {
  const { host, minutes, cents, nodes, ownMachines, yes = false } = options;
  const paidMachines = ownMachines === true ? 0 : nodes;
  const atMost = centsAtMost({ host, minutes, machines: paidMachines });
  if (atMost > cents)
    throw new CliError(
      `${minutes} minutes with ${paidMachines} machines may cost ${atMost} cents, and ${cents} are allowed.`,
      '--cents allows more; fewer --minutes or --nodes cost less.',
    );
  await withAccount(options.region, async (account) => {
    if ((await findStack(account, stack)) !== undefined)
      throw new CliError(`There is a stack ${stack} of an earlier proof.`, `hibernetes destroy --stack ${stack} --unprotect deletes it.`);
    announce(
      options,
      `A stack ${stack} is made in ${account.region} of account ${account.id}, used for at most ${minutes} minutes, and deleted with all that\nit kept. AWS holds its functions, its table and its machines to ${atMost} cents at most.\n`,
    );
    await agree({ question: 'Go on?', answer: 'yes', yes });
    const proof = new Proof(account, options);
    await proof.run();
    const { steps, timed, used, seconds } = proof;
    const report = {
      region: account.region,
      version: programVersion(),
      host,
      steps,
      reads: latenciesOf(timed.readMs),
      writes: latenciesOf(timed.writeMs),
      used,
      centsCounted: centsOf(used, seconds, paidMachines),
      centsAtMost: atMost,
    };
    print(options, report, reportText);
    if (steps.some(({ isProven }) => !isProven)) process.exitCode = 1;
  });
}
