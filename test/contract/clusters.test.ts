import { clustersContract } from './clusters.contract.ts';

clustersContract('dynoxide');
