import { dynamodbContract } from '../contract/dynamodb.contract.ts';

dynamodbContract('DynamoDB Local');
