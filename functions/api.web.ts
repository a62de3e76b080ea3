/** Root: the API as a Web Function, many requests at a time in one environment. */
import { createApiHost } from './lambda/api-host.ts';
import { hostLimitsOf } from './lambda/host-limits.ts';
import { startFunction } from './lambda/start-function.ts';
import { webEndpoint } from './lambda/web-endpoint.ts';
import { startWebHost } from './lambda/web-host.ts';
import { environment } from './world.ts';

/** So that a log ends before it is cut off. */
const lastSeconds = 5;

const rooted = await startFunction();
const limits = hostLimitsOf(environment);
const { fetch } = createApiHost(rooted, { pollHoldSecondsMax: 30, mailedLogSecondsMax: limits.requestSecondsMax - lastSeconds });

await startWebHost({
  ...webEndpoint(environment('AWS_LAMBDA_HTTP_ENDPOINT')),
  ...limits,
  fetch,
  upgrades: false,
  log: rooted.world.log,
});
