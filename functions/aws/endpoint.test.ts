/** The SDK's own rules are asked for each Region of each partition that it knows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { withAwsSettings } from '../../test/support/aws-settings.ts';
import { endpointOf, MissingRegion } from './endpoint.ts';

/** Regions of each partition, and names of Regions that are not built yet. */
const regions = [
  'us-east-1 us-east-2 us-west-1 us-west-2 af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2',
  'ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 eu-central-1',
  'eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 me-west-1 mx-central-1',
  'sa-east-1 sa-west-1 us-east-9 cn-north-1 cn-northwest-1 cn-south-9 us-gov-east-1 us-gov-west-1 us-gov-north-9 eusc-de-east-1',
  'us-iso-east-1 us-iso-west-1 us-isob-east-1 us-isob-west-1 us-isof-east-1 us-isof-south-1 eu-isoe-west-1',
].flatMap((line) => line.split(' '));

const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
const clients = {
  dynamodb: (region: string, useFipsEndpoint: boolean) => new DynamoDBClient({ region, useFipsEndpoint, credentials }).config,
  sqs: (region: string, useFipsEndpoint: boolean) => new SQSClient({ region, useFipsEndpoint, credentials }).config,
};

for (const isFips of [false, true]) {
  test(`a service ${isFips ? 'with approved cryptography ' : ''}has the address that the SDK finds in each Region`, () => {
    withAwsSettings({ AWS_USE_FIPS_ENDPOINT: `${isFips}` }, () => {
      const suffixes = new Set<string>();
      for (const region of regions) {
        for (const service of ['dynamodb', 'sqs'] as const) {
          const { endpointProvider } = clients[service](region, isFips);
          const { url } = endpointProvider({ Region: region, UseFIPS: isFips, UseDualStack: false });
          assert.equal(endpointOf(service, { region }).endpoint.href, url.href);
          suffixes.add(url.hostname.split('.').slice(2).join('.'));
        }
      }
      // There are eight partitions; the first and the government's share a suffix.
      assert.equal(suffixes.size, 7);
    });
  });
}

test('an address of one’s own goes before: the one that is given, the service’s, that of all services', () => {
  const [all, own, given] = ['http://all:1/', 'http://own:2/a', 'http://given:3/'];
  const settings = { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: all, AWS_ENDPOINT_URL_SQS: own };
  withAwsSettings(settings, () => {
    assert.equal(endpointOf('sqs', { endpoint: given }).endpoint.href, given);
    assert.equal(endpointOf('sqs', {}).endpoint.href, own);
    assert.deepEqual(endpointOf('dynamodb', {}), { region: 'eu-west-1', endpoint: new URL(all) });
  });
});

test('nowhere is no place', () => {
  withAwsSettings({}, () => assert.throws(() => endpointOf('sqs', {}), new MissingRegion('Region is missing')));
});
