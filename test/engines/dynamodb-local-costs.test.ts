import { dynamodbCosts } from '../contract/dynamodb-costs.contract.ts';

dynamodbCosts('DynamoDB Local');
