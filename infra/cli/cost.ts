/** `hibernetes cost`: what a cluster costs on AWS, from counted operations: this one's, or those of a simulated one. */
import { countedCost, countedCostText } from '../cost/counted-cost.ts';
import { monthTable, simulatedCosts, simulatedFigures, usualSizes } from '../cost/cost-tables.ts';
import { pricesReadOn } from '../cost/prices.ts';
import { type ClusterChoice, withApi } from './api-client.ts';
import { CliError } from './cli-error.ts';
import { print, type OutputChoice } from './output.ts';

export interface CostOptions extends ClusterChoice, OutputChoice {
  readonly simulate?: boolean;
  readonly nodes?: number;
  readonly pods?: number;
}

const podsPerNode = 30;

export async function cost({ simulate = false, nodes, pods, ...choice }: CostOptions): Promise<void> {
  if (!simulate) return print(choice, countedCost(await metricsOf(choice)), countedCostText);
  if (process.stderr.isTTY) process.stderr.write('Counting what a simulated cluster does; this takes some seconds …\n');
  // Measuring loads the functions, which takes a while. The costs that a cluster has counted need none of them.
  const { measure } = await import('../cost/measure.ts');
  const measured = await measure();
  const isUsual = nodes === undefined && pods === undefined;
  const size = { nodes: nodes ?? Math.ceil((pods ?? 0) / podsPerNode), pods: pods ?? (nodes ?? 0) * podsPerNode };
  const figures = { ...simulatedFigures(measured, isUsual ? usualSizes : [size]), pricesReadOn };
  print(choice, figures, () => {
    const tables = isUsual ? simulatedCosts(measured) : monthTable(measured, size);
    return `${tables}\nPrices of us-east-1, read on ${pricesReadOn}, without free tiers, nodes, traffic and other logs.\n`;
  });
}

const metricsOf = (choice: ClusterChoice): Promise<string> =>
  withApi(choice, async ({ fetch }) => {
    const response = await fetch('/metrics');
    if (response.ok) return response.text();
    throw new CliError(
      `This cluster does not show what it counts: /metrics was answered with ${response.status}.`,
      'Clusters in one process do; on AWS, CloudWatch and the bill know better.',
    );
  });
