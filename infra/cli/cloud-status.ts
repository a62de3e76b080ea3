/** `hibernetes status --stack NAME`: the state of the functions, queues and stream, and the health of each cluster by its API. */
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { withAccount, type CloudAccount } from './cloud-account.ts';
import { clusterDimension, metricNamespace, tableDimension, watermarkMetric } from '../../functions/lambda/metrics.ts';
import { CloudError, CloudUnreachable, membersAt, textAt } from './cloud-request.ts';
import { cloudHome } from './cloud-home.ts';
import { resourcesOf, type CloudResource } from './cloud-resources.ts';
import { requireStack, type StackChoice } from './cloud-stack.ts';
import { listedClusters } from './cluster.ts';
import { clusterState, type ClusterState } from './cluster-state.ts';
import { print, type OutputChoice } from './output.ts';

/** The state of one part of a stack. */
interface State {
  readonly name: string;
  readonly state: string;
  readonly isWell: boolean;
}

interface Section {
  readonly title: string;
  readonly isWell: boolean;
  readonly states: readonly State[];
  /** Why nothing is known. */
  readonly unknown?: string;
}

const minutesBack = 15;
const lateMsMax = 60_000;

interface FunctionState {
  readonly State?: string;
  readonly StateReason?: string;
  readonly LastUpdateStatus?: string;
}

/** A function without calls for long is Inactive, and wakes when it is called. */
const wellStates = new Set(['Active', 'Inactive', 'Pending']);

async function functionState(account: CloudAccount, { name, id }: CloudResource): Promise<State> {
  const state = (await account.get('lambda', `/2015-03-31/functions/${encodeURIComponent(id)}/configuration`)) as FunctionState;
  const { State = 'Unknown', StateReason, LastUpdateStatus = 'Successful' } = state;
  const isWell = wellStates.has(State) && LastUpdateStatus !== 'Failed';
  const why = [StateReason, LastUpdateStatus === 'Failed' ? 'its last update failed' : undefined].filter((text) => (text ?? '') !== '');
  return { name, isWell, state: [State, ...why].join(', ') };
}

async function queueState(sqs: SQSClient, { name, id }: CloudResource): Promise<State> {
  const asked = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesDelayed'] as const;
  const { Attributes: counts = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: id, AttributeNames: [...asked] }));
  const [waiting, inHand, delayed] = asked.map((attribute) => Number(counts[attribute] ?? 0));
  const isDead = name.includes('DeadLetters');
  const state = isDead ? `${waiting} put aside` : `${waiting} waiting, ${inHand} in hand, ${delayed} for later`;
  return { name, isWell: !isDead || waiting === 0, state };
}

interface MetricName {
  readonly namespace: string;
  readonly name: string;
  /** The metric's dimensions. */
  readonly of: Readonly<Record<string, string>>;
}

/** The greatest value of the last minutes; undefined when none was set. */
async function greatest(account: CloudAccount, { namespace, name, of }: MetricName, nowMs: number): Promise<number | undefined> {
  const answer = await account.query('monitoring', 'GetMetricStatistics', {
    Namespace: namespace,
    MetricName: name,
    ...Object.fromEntries(
      Object.entries(of).flatMap(([dimension, value], index) => [
        [`Dimensions.member.${index + 1}.Name`, dimension],
        [`Dimensions.member.${index + 1}.Value`, value],
      ]),
    ),
    StartTime: new Date(nowMs - minutesBack * 60_000).toISOString(),
    EndTime: new Date(nowMs).toISOString(),
    Period: String(minutesBack * 60),
    'Statistics.member.1': 'Maximum',
  });
  const values = membersAt(answer, 'Datapoints').map((point) => Number(textAt(point, 'Maximum')));
  return values.length === 0 ? undefined : Math.max(...values);
}

/** The age of the oldest record of the stream that was handled; a stream without records has no figures. */
async function streamState(account: CloudAccount, doorbell: CloudResource, nowMs: number): Promise<State> {
  const late = await greatest(account, { namespace: 'AWS/Lambda', name: 'IteratorAge', of: { FunctionName: doorbell.id } }, nowMs);
  const text = late === undefined ? 'nothing came' : `late by ${Math.round(late)} ms at most`;
  return { name: doorbell.name, isWell: (late ?? 0) <= lateMsMax, state: `${text} in ${minutesBack} minutes` };
}

/** It is measured only when it is late. */
async function watermarkState(account: CloudAccount, table: string, cluster: string): Promise<State> {
  const of = { [tableDimension]: table, [clusterDimension]: cluster };
  const late = await greatest(account, { namespace: metricNamespace, name: watermarkMetric, of }, Date.now());
  const state = late === undefined ? 'in time' : `${Math.round(late / 60)} minutes behind the log (infra/runbook.md#the-watermark-is-late)`;
  return { name: cluster, isWell: late === undefined, state };
}

/** A user who may not read one thing may still read the others. */
async function section(title: string, asked: readonly Promise<State>[]): Promise<Section> {
  try {
    const states = await Promise.all(asked);
    return { title, isWell: states.every(({ isWell }) => isWell), states };
  } catch (error) {
    const isRefused = error instanceof CloudError || error instanceof CloudUnreachable || (error instanceof Error && '$metadata' in error);
    if (!isRefused) throw error;
    return { title, isWell: false, states: [], unknown: error.message };
  }
}

const indent = 16;

const sectionLines = ({ title, states, unknown }: Section): readonly string[] =>
  unknown === undefined
    ? [title, ...states.map(({ name, state }) => `${''.padEnd(indent)}${name}: ${state}`)]
    : [`${title.padEnd(indent)}not known: ${unknown}`];

const withoutLines = ({ name, server, isWell, health }: ClusterState): Omit<ClusterState, 'lines'> => ({
  name,
  server,
  isWell,
  ...(health === undefined ? {} : { health }),
});

interface CloudStatusOptions extends StackChoice, OutputChoice {
  readonly dataDir: string;
}

/**
 * Works also for a stack of which one part does not answer. AWS reports no state of Web Functions: their API shows
 * whether they run.
 */
export async function cloudStatus({ stack: name, region, dataDir, ...choice }: CloudStatusOptions): Promise<void> {
  await withAccount(region, async (account) => {
    const stack = await requireStack(account, name);
    const home = cloudHome(account, stack, dataDir);
    const clusters = await listedClusters(home);
    const resources = await resourcesOf(account, name);
    const ofType = (type: string): readonly CloudResource[] =>
      resources.filter((resource) => resource.type === type && resource.name.startsWith('ControlPlane'));
    const [functions, queues] = [ofType('AWS::Lambda::Function'), ofType('AWS::SQS::Queue')];
    const doorbells = functions.filter((made) => made.name.endsWith('DoorbellFunction'));
    const sqs = new SQSClient({ region: account.region, useQueueUrlAsEndpoint: false });
    const sections = [
      await section(
        'functions',
        functions.map((made) => functionState(account, made)),
      ),
      await section(
        'queues',
        queues.map((queue) => queueState(sqs, queue)),
      ),
      await section(
        'stream',
        doorbells.map((doorbell) => streamState(account, doorbell, Date.now())),
      ),
      await section(
        'watermark',
        clusters.map((cluster) => watermarkState(account, home.tableName, cluster.name)),
      ),
    ];
    const states = await Promise.all(clusters.map((cluster) => clusterState(home, cluster)));
    const { status, isProtected, table } = stack;
    const found = { stack: name, status, region: account.region, account: account.id, isProtected, table, sections };
    print(choice, { ...found, clusters: states.map(withoutLines) }, () =>
      [
        `stack           ${name}, ${status}, ${account.region} of account ${account.id}`,
        `protection      ${isProtected ? 'on' : 'off: the stack can be deleted'}`,
        `table           ${table ?? 'not there'}`,
        ...sections.flatMap(sectionLines),
        ...states.flatMap(({ lines }) => lines),
      ]
        .map((line) => `${line}\n`)
        .join(''),
    );
    if ([...sections, ...states].some(({ isWell }) => !isWell)) process.exitCode = 1;
  });
}
