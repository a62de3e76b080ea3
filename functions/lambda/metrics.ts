/**
 * What the functions measure by themselves: a line of the log that CloudWatch reads as a metric, too, without a call.
 * A metric costs money in each hour in which it is written, so only what is not well is written.
 * Source: Amazon CloudWatch user guide, embedded metric format.
 */
export const metricNamespace = 'Hibernetes';
/** Dimensions of metrics: one for a stack's table, which its clusters share, and one for each cluster. */
export const tableDimension = 'Table';
export const clusterDimension = 'Cluster';
export const watermarkMetric = 'WatermarkSecondsBehind';
/** The number of objects and changes that controllers set aside. */
export const setAsideMetric = 'SetAside';

export interface Measured {
  readonly table: string;
  /** The cluster's name. */
  readonly cluster: string;
}

interface MeasuredAt extends Measured {
  readonly nowMs: number;
}

/** Keys for a line of the log. */
export const secondsMeasured = (name: string, seconds: number, at: MeasuredAt): object => valueMeasured(name, 'Seconds', seconds, at);
export const oneMeasured = (name: string, at: MeasuredAt): object => valueMeasured(name, 'Count', 1, at);

function valueMeasured(name: string, unit: 'Seconds' | 'Count', value: number, { table, cluster, nowMs }: MeasuredAt): object {
  const Dimensions = [[tableDimension], [tableDimension, clusterDimension]];
  const directive = { Namespace: metricNamespace, Dimensions, Metrics: [{ Name: name, Unit: unit }] };
  return {
    _aws: { Timestamp: nowMs, CloudWatchMetrics: [directive] },
    [tableDimension]: table,
    [clusterDimension]: cluster,
    [name]: value,
  };
}
