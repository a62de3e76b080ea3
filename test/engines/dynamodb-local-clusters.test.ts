import { clustersContract } from '../contract/clusters.contract.ts';

clustersContract('DynamoDB Local');
