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

export interface Measured {
  readonly table: string;
  /** Its name. */
  readonly cluster: string;
}

/** Keys for a line of the log. */
export function secondsMeasured(name: string, seconds: number, { table, cluster, nowMs }: Measured & { readonly nowMs: number }): object {
  const Dimensions = [[tableDimension], [tableDimension, clusterDimension]];
  const directive = { Namespace: metricNamespace, Dimensions, Metrics: [{ Name: name, Unit: 'Seconds' }] };
  return {
    _aws: { Timestamp: nowMs, CloudWatchMetrics: [directive] },
    [tableDimension]: table,
    [clusterDimension]: cluster,
    [name]: seconds,
  };
}
