/** Root: the API as a server that stays, in a container: behind something that speaks TLS. It carries exec and port-forward. */
import { createApiHost } from './lambda/api-host.ts';
import { startFunction } from './lambda/start-function.ts';
import { startWebHost } from './lambda/web-host.ts';
import { environment } from './world.ts';

const rooted = await startFunction();
const { fetch } = createApiHost(rooted, { pollHoldSecondsMax: 30 });
const portDefault = 8080;

await startWebHost({
  host: environment('HOST') ?? '0.0.0.0',
  port: Number(environment('PORT') ?? portDefault),
  fetch,
  upgrades: true,
  log: rooted.world.log,
});
