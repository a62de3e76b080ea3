/** One page in CloudWatch that shows the state of the control plane. */
import { Duration } from 'aws-cdk-lib';
import { AlarmStatusWidget, Dashboard, GraphWidget, Row, Stats, type Alarm, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { watermarkLateness } from './alarms.ts';
import type { ControlPlane } from './control-plane.ts';

const period = Duration.minutes(1);
const fullWidth = 24;

const graph = (title: string, left: readonly IMetric[], perRow: number): GraphWidget =>
  new GraphWidget({ title, left: [...left], width: fullWidth / perRow });

export function createDashboard(
  scope: Construct,
  controlPlane: ControlPlane,
  { table, alarms }: { table: ITableV2; alarms: readonly Alarm[] },
): void {
  const dashboard = new Dashboard(scope, 'Dashboard');
  if (alarms.length > 0) dashboard.addWidgets(new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: fullWidth }));
  dashboard.addWidgets(
    new Row(
      graph(
        'Table: units consumed',
        [table.metricConsumedReadCapacityUnits({ period }), table.metricConsumedWriteCapacityUnits({ period })],
        2,
      ),
      graph(
        'Table: refused',
        [
          table.metric('ReadThrottleEvents', { period, statistic: Stats.SUM }),
          table.metric('WriteThrottleEvents', { period, statistic: Stats.SUM }),
        ],
        2,
      ),
    ),
  );
  dashboard.addWidgets(...controlPlaneRows(controlPlane, table));
}

function controlPlaneRows({ endpoint, functions, queues }: ControlPlane, table: ITableV2): readonly Row[] {
  const perFunction = (measure: (name: string) => IMetric | undefined): IMetric[] =>
    [...functions.keys()].map(measure).filter((metric) => metric !== undefined);
  const waiting = [...queues.groups].map(([group, queue]) =>
    queue.metricApproximateAgeOfOldestMessage({ period, label: group, statistic: Stats.MAXIMUM }),
  );
  const aside = [queues.deadLetters, queues.fifoDeadLetters].map((queue, index) =>
    queue.metricApproximateNumberOfMessagesVisible({ period, label: index === 0 ? 'standard' : 'FIFO', statistic: Stats.MAXIMUM }),
  );
  const iteratorAge = functions.get('doorbell')?.metric('IteratorAge', { period, label: 'stream', statistic: Stats.MAXIMUM });
  return [
    new Row(
      graph('Answers of the API', endpoint.answers, 3),
      graph('Age of the oldest ring (s)', waiting, 3),
      graph('Dead letters', aside, 3),
    ),
    new Row(
      graph(
        'Calls',
        perFunction((name) => functions.get(name)?.metricInvocations({ period, label: name })),
        3,
      ),
      graph(
        'Duration (ms)',
        perFunction((name) => functions.get(name)?.metricDuration({ period, label: name, statistic: Stats.MAXIMUM })),
        3,
      ),
      graph(
        'Errors',
        perFunction((name) => functions.get(name)?.metricErrors({ period, label: name })),
        3,
      ),
    ),
    new Row(
      graph('The stream comes late by (ms)', iteratorAge === undefined ? [] : [iteratorAge], 2),
      graph('Watermark behind the log (s), measured when late', [watermarkLateness(table, period)], 2),
    ),
  ];
}
