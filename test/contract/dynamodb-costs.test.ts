import { dynamodbCosts } from './dynamodb-costs.contract.ts';

dynamodbCosts('dynoxide');
