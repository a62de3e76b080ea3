/** `hibernetes diff -2h now`: what differs between two moments. */
import { type ClusterChoice, withApi } from '../api-client.ts';
import { type OutputChoice, print } from '../output.ts';
import { fixedMoment } from './at.ts';
import { changeLines, objectChanges } from './object-changes.ts';
import { reader } from '../api-reader.ts';
import { objectsOf } from './past-client.ts';

export interface DiffOptions extends ClusterChoice, OutputChoice {
  readonly namespace?: string;
  readonly all?: boolean;
}

/** Resources that change all the time. */
const restless: ReadonlySet<string> = new Set(['events', 'leases.coordination.k8s.io']);

export async function diff(from: string, to: string, options: DiffOptions): Promise<void> {
  const leftOut = options.all === true ? new Set<string>() : restless;
  const [before, after] = [fixedMoment(from), to === 'now' ? undefined : fixedMoment(to)];
  const changes = await withApi(options, async (api) =>
    objectChanges(
      await objectsOf(reader(api, before), options.namespace, leftOut),
      await objectsOf(reader(api, after), options.namespace, leftOut),
    ),
  );
  print(options, changes, (found) => (found.length === 0 ? 'Nothing differs.\n' : changeLines(found)));
}
