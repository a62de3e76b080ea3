import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashOf, overview, type Route, routeOf } from './route.ts';

const routes: readonly (readonly [hash: string, route: Partial<Route>])[] = [
  ['#/overview', {}],
  ['#/overview?at=-2h', { at: '-2h' }],
  ['#/list/pods', { screen: 'list', kind: 'pods' }],
  ['#/list/deployments.apps/shop?filter=web', { screen: 'list', kind: 'deployments.apps', namespace: 'shop', filter: 'web' }],
  ['#/object/nodes/-/node-1?tab=yaml', { screen: 'object', kind: 'nodes', name: 'node-1', tab: 'yaml' }],
  ['#/list/pods/shop?selector=app%3Dweb', { screen: 'list', kind: 'pods', namespace: 'shop', selector: 'app=web' }],
];

test('an address means a route, and a route has that address', () => {
  for (const [hash, route] of routes) {
    assert.deepEqual(routeOf(hash), { ...overview, ...route }, hash);
    assert.equal(hashOf({ ...overview, ...route }), hash);
  }
});

test('names keep their characters', () => {
  const route = { ...overview, screen: 'object', kind: 'pods', namespace: 'a', name: 'x/?&#% é<b>' } as const;
  assert.deepEqual(routeOf(hashOf(route)), route);
});

test('an address that means nothing is the overview', () => {
  for (const hash of ['', '#', '#/', '#/nonsense/x', '#/list/%zz']) assert.ok(['overview', 'list'].includes(routeOf(hash).screen), hash);
});
