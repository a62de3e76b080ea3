import { dynamodbContract } from './dynamodb.contract.ts';

dynamodbContract('dynoxide');
