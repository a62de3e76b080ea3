/** Pods of another node are reached by way of that node itself, a direct neighbour: a route each, nothing added to packets. */
import type { Log } from '../../functions/world.ts';
import type { BackEnd } from './pod-network.ts';
import { presentRoutes, routeCommands, routeProtocol, type ListedRoute } from './routes.ts';
import { CommandFailed, type Run } from './run.ts';

export const createHostGateway = ({ run, log }: { readonly run: Run; readonly log: Log }): BackEnd => ({
  overheadBytes: 0,
  needsNeighbours: true,
  async connect({ routes }) {
    const listed: readonly ListedRoute[] = JSON.parse((await run(['ip', '-j', '-4', 'route', 'show', 'proto', routeProtocol])) || '[]');
    for (const command of routeCommands(routes, presentRoutes(listed))) await tryCommand(run, log, ['ip', '-4', ...command]);
  },
});

/** One node that is out of reach must not cost the others their ways; the next call tries again. */
export async function tryCommand(run: Run, log: Log, command: readonly string[]): Promise<void> {
  try {
    await run(command);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    log.warn('A way to another node’s pods could not be set', { command: command.join(' '), error });
  }
}
