/**
 * What each type of resource of a stack costs, or which row of the month counts its use. A test walks the templates: a type that is
 * not here fails it.
 */
import { freeEachMonth, hoursInMonth, prices } from './prices.ts';

export interface StackResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export type ResourcePrice =
  | { readonly kind: 'free' }
  /** By use: a row of the month, or a line beside it. */
  | { readonly kind: 'counted'; readonly in: string }
  /** A month, as long as it stands. */
  | { readonly kind: 'fixed'; readonly dollars: (properties: Readonly<Record<string, unknown>>) => number };

const free: ResourcePrice = { kind: 'free' };
const counted = (row: string): ResourcePrice => ({ kind: 'counted', in: row });
const fixed = (dollars: number): ResourcePrice => ({ kind: 'fixed', dollars: () => dollars });

const functions = 'functions';
/** Paid by the machine, whatever the control plane does. */
const machines = 'machines';

/** An alarm that calculates pays for each metric that it reads. Source: Amazon CloudWatch pricing. */
export function alarmMetrics(properties: Readonly<Record<string, unknown>>): number {
  const queries = (properties['Metrics'] ?? []) as readonly { readonly MetricStat?: unknown }[];
  return Math.max(1, queries.filter(({ MetricStat }) => MetricStat !== undefined).length);
}

export const resourcePrices: Readonly<Record<string, ResourcePrice>> = {
  'AWS::AutoScaling::AutoScalingGroup': counted(machines),
  'AWS::CloudWatch::Alarm': { kind: 'fixed', dollars: (properties) => alarmMetrics(properties) * prices.alarmMetricMonth },
  // Three of fifty metrics each are free for ever.
  'AWS::CloudWatch::Dashboard': fixed(0),
  'AWS::DynamoDB::GlobalTable': counted('storage and its recovery'),
  'AWS::EC2::FlowLog': counted('logs'),
  'AWS::EC2::InternetGateway': free,
  'AWS::EC2::LaunchTemplate': counted(machines),
  'AWS::EC2::Route': free,
  'AWS::EC2::RouteTable': free,
  'AWS::EC2::SecurityGroup': free,
  'AWS::EC2::SecurityGroupIngress': free,
  'AWS::EC2::Subnet': free,
  'AWS::EC2::SubnetRouteTableAssociation': free,
  'AWS::EC2::VPC': free,
  'AWS::EC2::VPCGatewayAttachment': free,
  'AWS::IAM::InstanceProfile': free,
  'AWS::IAM::Policy': free,
  'AWS::IAM::Role': free,
  'AWS::KMS::Key': fixed(prices.kmsKeyMonth),
  'AWS::Lambda::EventInvokeConfig': free,
  'AWS::Lambda::EventSourceMapping': free,
  'AWS::Lambda::Function': counted(functions),
  'AWS::Lambda::Permission': free,
  'AWS::Lambda::Url': free,
  'AWS::Lambda::WebFunction': counted(functions),
  'AWS::Lambda::WebFunctionEndpoint': free,
  'AWS::Lambda::WebFunctionRevision': free,
  'AWS::Logs::LogGroup': counted('logs'),
  // A copy of the code, a few megabytes.
  'AWS::S3::Bucket': fixed(0),
  'AWS::S3::BucketPolicy': free,
  'AWS::SNS::Topic': free,
  'AWS::SNS::TopicPolicy': free,
  'AWS::SQS::Queue': counted('queues, asked while empty'),
  'AWS::SQS::QueuePolicy': free,
  'AWS::Scheduler::Schedule': counted('the minute'),
  'AWS::SecretsManager::Secret': counted('the key that seals Secrets'),
  'Custom::S3AutoDeleteObjects': free,
  'Custom::S3ObjectCopy': free,
};

/** Undefined: the price of the type is not known. */
export function fixedDollarsOf({ Type, Properties = {} }: StackResource): number | undefined {
  const price = resourcePrices[Type];
  if (price === undefined) return undefined;
  return price.kind === 'fixed' ? price.dollars(Properties) : 0;
}

/** The number of alarms of a stack with the default choices; the test of the templates checks it. */
export const alarmMetricsOfStack = 23;
export const alarmDollars = alarmMetricsOfStack * prices.alarmMetricMonth;
export const freeAlarmDollars = Math.min(freeEachMonth.alarmMetrics, alarmMetricsOfStack) * prices.alarmMetricMonth;

/** A machine of the default type with its disk and its public address. */
export const machineDollars = hoursInMonth * (prices.machineHour + prices.publicAddressHour) + prices.machineDiskGib * prices.diskGibMonth;
