/** The messages are those of kube-scheduler 1.37.2, but for those that begin with "this scheduler". */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigurationError, readSchedulerConfiguration } from './read-configuration.ts';

const read = (body: string): ReturnType<typeof readSchedulerConfiguration> =>
  readSchedulerConfiguration(`apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n${body}`);

const initializing = 'initializing profiles: creating profile for scheduler name a: ';

const refusals: readonly (readonly [what: string, body: string, message: string])[] = [
  [
    'a plug-in for all points that there is not',
    'profiles: [{schedulerName: a, plugins: {multiPoint: {enabled: [{name: Foo}]}}}]',
    `${initializing}PreFilterPlugin "Foo" does not exist`,
  ],
  [
    'a filter that there is not',
    'profiles: [{schedulerName: a, plugins: {filter: {enabled: [{name: Foo}]}}}]',
    `${initializing}FilterPlugin "Foo" does not exist`,
  ],
  [
    'a plug-in that does nothing at the point',
    'profiles: [{schedulerName: a, plugins: {score: {enabled: [{name: NodeName}]}}}]',
    `${initializing}plugin "NodeName" does not extend ScorePlugin plugin`,
  ],
  [
    'a plug-in that is named twice',
    'profiles: [{schedulerName: a, plugins: {filter: {enabled: [{name: NodeName}, {name: NodeName}]}}}]',
    `${initializing}plugin "NodeName" already registered as "FilterPlugin"`,
  ],
  [
    'no plug-in at all',
    'profiles: [{schedulerName: a, plugins: {multiPoint: {disabled: [{name: "*"}]}}}]',
    `${initializing}only one queue sort plugin required for profile with scheduler name "a", but got 0`,
  ],
  [
    'nothing that binds',
    'profiles: [{schedulerName: a, plugins: {multiPoint: {disabled: [{name: DefaultBinder}]}}}]',
    `${initializing}at least one bind plugin is needed for profile with scheduler name "a"`,
  ],
  [
    'numbers out of range, and profiles without a name of their own',
    'percentageOfNodesToScore: 101\npodInitialBackoffSeconds: 0\nparallelism: 0\nprofiles: [{schedulerName: a, percentageOfNodesToScore: -1}, {schedulerName: a}, {}]',
    '[parallelism: Invalid value: 0: should be an integer value greater than zero, profiles[0].percentageOfNodesToScore: Invalid value: -1: not in valid range [0-100], profiles[1].schedulerName: Duplicate value: {}, profiles[2].schedulerName: Required value, percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100], podInitialBackoffSeconds: Invalid value: 0: must be greater than 0]',
  ],
  [
    'unknown fields',
    'nonsense: 3\nprofiles: [{schedulerName: a, pluginConfig: [{name: NodeAffinity, args: {foo: 1}}]}]',
    'strict decoding error: unknown field "nonsense", decoding .profiles[0].pluginConfig[0]: strict decoding error: decoding args for plugin NodeAffinity: strict decoding error: unknown field "foo"',
  ],
  [
    'arguments twice, and of a plug-in of the past',
    'profiles: [{schedulerName: a, pluginConfig: [{name: NodeAffinity}, {name: NodeAffinity}, {name: EBSLimits}]}]',
    '[profiles[0].pluginConfig[1]: Duplicate value: "NodeAffinity", profiles[0].pluginConfig[2]: Invalid value: "EBSLimits": was invalid in version "v1" (KubeSchedulerConfiguration is version "kubescheduler.config.k8s.io/v1")]',
  ],
  [
    'a number for a list',
    'profiles: 3',
    'json: cannot unmarshal number into Go struct field KubeSchedulerConfiguration.profiles of type []v1.KubeSchedulerProfile',
  ],
  [
    'a number for a name',
    'profiles: [{schedulerName: 3}]',
    'json: cannot unmarshal number into Go struct field KubeSchedulerProfile.profiles.schedulerName of type string',
  ],
  [
    'a text for a number among arguments',
    'profiles: [{pluginConfig: [{name: InterPodAffinity, args: {hardPodAffinityWeight: a}}]}]',
    'decoding .profiles[0].pluginConfig[0]: decoding args for plugin InterPodAffinity: json: cannot unmarshal string into Go struct field InterPodAffinityArgs.hardPodAffinityWeight of type int32',
  ],
  [
    'arguments out of range',
    'profiles: [{schedulerName: a, pluginConfig: [{name: InterPodAffinity, args: {hardPodAffinityWeight: 101}}, {name: DefaultPreemption, args: {minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 0}}]}]',
    '[profiles[0].pluginConfig[0].args.hardPodAffinityWeight: Invalid value: 101: not in valid range [0, 100], profiles[0].pluginConfig[1].args.minCandidateNodesPercentage: Invalid value: 0: cannot be zero at the same time as minCandidateNodesAbsolute, profiles[0].pluginConfig[1].args.minCandidateNodesAbsolute: Invalid value: 0: cannot be zero at the same time as minCandidateNodesPercentage]',
  ],
  ['extenders', 'extenders: [{urlPrefix: "http://127.0.0.1:1"}]', 'extenders: Forbidden: this scheduler calls none'],
  ['an election', 'leaderElection: {leaderElect: true}', 'leaderElection: Forbidden: this scheduler needs no election'],
  [
    'plug-ins of a point where nothing can be chosen',
    'profiles: [{plugins: {permit: {enabled: [{name: NodeName}]}}}]',
    'profiles[0].plugins.permit: Forbidden: this scheduler has no plug-ins to choose there',
  ],
];

describe('a KubeSchedulerConfiguration', () => {
  for (const [what, body, message] of refusals) {
    test(`a KubeSchedulerConfiguration is refused with ${what}`, async () => {
      await assert.rejects(read(body), new ConfigurationError(message));
    });
  }

  test('a KubeSchedulerConfiguration without anything places the pods of the default scheduler by all plug-ins', async () => {
    const { profiles } = await read('');
    assert.deepEqual(
      profiles.map(({ schedulerName, preempts, percentageOfNodesToScore }) => ({ schedulerName, preempts, percentageOfNodesToScore })),
      [{ schedulerName: 'default-scheduler', preempts: true, percentageOfNodesToScore: 0 }],
    );
    assert.deepEqual(
      profiles[0]?.scores.map(({ name, weight }) => `${name} ${weight}`),
      [
        'TaintToleration 3',
        'NodeAffinity 2',
        'NodeResourcesFit 1',
        'PodTopologySpread 2',
        'InterPodAffinity 2',
        'NodeResourcesBalancedAllocation 1',
        'ImageLocality 1',
      ],
    );
  });

  test('a KubeSchedulerConfiguration chooses plug-ins and weights for one point', async () => {
    const body = `profiles: [{schedulerName: a, plugins: {
      score: {disabled: [{name: "*"}], enabled: [{name: ImageLocality, weight: 7}, {name: NodeResourcesFit}]},
      filter: {disabled: [{name: NodePorts}]}, postFilter: {disabled: [{name: DefaultPreemption}]}}}]`;
    const { profiles } = await read(body);
    assert.deepEqual(profiles[0]?.scores, [
      { name: 'ImageLocality', weight: 7 },
      { name: 'NodeResourcesFit', weight: 1 },
    ]);
    assert.equal(profiles[0]?.filters.includes('NodePorts'), false);
    assert.equal(profiles[0]?.preempts, false);
  });

  test('a KubeSchedulerConfiguration gives each profile its share of nodes, or the one of all', async () => {
    const { profiles } = await read(
      'percentageOfNodesToScore: 40\nprofiles: [{schedulerName: a, percentageOfNodesToScore: 100}, {schedulerName: b}]',
    );
    assert.deepEqual(
      profiles.map(({ percentageOfNodesToScore }) => percentageOfNodesToScore),
      [100, 40],
    );
  });
});
