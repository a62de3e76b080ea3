/** Root: the API as a Web Function, many requests at a time in one environment. */
import { createApiHost } from './cloud/api-host.ts';
import { hostLimitsOf } from './cloud/host-limits.ts';
import { startFunction } from './cloud/start-function.ts';
import { webEndpoint } from './cloud/web-endpoint.ts';
import { startWebHost } from './cloud/web-host.ts';
import { environment } from './world.ts';

const rooted = startFunction();
const { fetch } = createApiHost(rooted, { relays: ['stream'], pollHoldSecondsMax: 30 });

await startWebHost({
  ...webEndpoint(environment('AWS_LAMBDA_HTTP_ENDPOINT')),
  ...hostLimitsOf(environment),
  fetch,
  upgrades: false,
  log: rooted.world.log,
});
