/**
 * What the functions measure by themselves: a line of the log that CloudWatch reads as a metric, too, without a call.
 * A metric costs money in each hour in which it is said, so only what is not well is said.
 * Source: Amazon CloudWatch user guide, embedded metric format.
 */
export const metricNamespace = 'Hibernetes';
export const clusterDimension = 'Cluster';
export const watermarkMetric = 'WatermarkSecondsBehind';

/** Keys for a line of the log. */
export function secondsMeasured(name: string, seconds: number, { cluster, nowMs }: { cluster: string; nowMs: number }): object {
  const directive = { Namespace: metricNamespace, Dimensions: [[clusterDimension]], Metrics: [{ Name: name, Unit: 'Seconds' }] };
  return { _aws: { Timestamp: nowMs, CloudWatchMetrics: [directive] }, [clusterDimension]: cluster, [name]: seconds };
}
