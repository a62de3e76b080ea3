/** Every resource of the templates is on the bill: what it costs is known, or that it costs nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarmMetrics, alarmMetricsOfStack, fixedDollarsOf, resourcePrices } from '../../infra/cost/standing.ts';
import { configurationNames, resourcesOf, templateOf } from './templates.ts';

for (const name of configurationNames) {
  test(`each resource of ${name} has a price`, () => {
    const unpriced = resourcesOf(templateOf(name)).filter((resource) => fixedDollarsOf(resource) === undefined);
    assert.deepEqual([...new Set(unpriced.map(({ Type }) => Type))], []);
  });
}

test('no price is left over', () => {
  const types = new Set(configurationNames.flatMap((name) => resourcesOf(templateOf(name)).map(({ Type }) => Type)));
  assert.deepEqual(
    Object.keys(resourcePrices).filter((type) => !types.has(type)),
    [],
  );
});

test('the alarms of the default stack are as many as the bill counts', () => {
  const alarms = resourcesOf(templateOf('defaults'), 'AWS::CloudWatch::Alarm');
  assert.equal(
    alarms.reduce((sum, { Properties }) => sum + alarmMetrics(Properties), 0),
    alarmMetricsOfStack,
  );
});
