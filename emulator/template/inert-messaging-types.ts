import { AWS_ONLY, type InertType } from './inert-type.ts';
import { arn, generatedName, nameFrom, type ResourceFacts, shortId } from './resource-facts.ts';

/** The names of queues and topics that keep an order end in `.fifo`, those that are made for them too. */
const fifoName = (property: string, fifo: string) => (facts: ResourceFacts) =>
  facts.property(property) ?? `${facts.ids.name(facts.logicalId)}${facts.property(fifo) === 'true' ? '.fifo' : ''}`;
const queueName = fifoName('QueueName', 'FifoQueue');
const queueUrl = (facts: ResourceFacts) =>
  `https://sqs.${facts.region}.${facts.urlSuffix}/${facts.accountId}/${queueName(facts)}`;

const topicName = fifoName('TopicName', 'FifoTopic');
const topicArn = (facts: ResourceFacts) => arn(facts, 'sns', topicName(facts));
const subscriptionArn = (facts: ResourceFacts) => `${facts.property('TopicArn')}:${facts.ids.uuid(facts.logicalId)}`;

const DEFAULT_BUS = 'default';
/** A bus is named by its name or its ARN. */
const busOf = (facts: ResourceFacts) => facts.property('EventBusName')?.split('/').at(-1) ?? DEFAULT_BUS;
const ruleName = (facts: ResourceFacts) => {
  const bus = busOf(facts);
  return bus === DEFAULT_BUS ? nameFrom('Name')(facts) : `${bus}/${nameFrom('Name')(facts)}`;
};
const scheduleGroup = (facts: ResourceFacts) => facts.property('GroupName') ?? 'default';
const machineArn = (facts: ResourceFacts) =>
  arn(facts, 'states', `stateMachine:${nameFrom('StateMachineName')(facts)}`);
const activityArn = (facts: ResourceFacts) => arn(facts, 'states', `activity:${nameFrom('Name')(facts)}`);

/** Queues, topics, events and schedules: what carries things to others, and invokes nothing of the stack. */
export const MESSAGING_TYPES: Readonly<Record<string, InertType>> = {
  'AWS::Events::EventBus': {
    ref: nameFrom('Name'),
    attributes: {
      Arn: (facts) => arn(facts, 'events', `event-bus/${nameFrom('Name')(facts)}`),
      Name: nameFrom('Name'),
    },
    mayName: ['Policy'],
    warning: AWS_ONLY,
  },
  'AWS::Events::EventBusPolicy': { ref: generatedName, mayName: ['Statement', 'Condition'] },
  'AWS::Events::Rule': {
    ref: (facts) => ruleName(facts).replace('/', '|'),
    attributes: { Arn: (facts) => arn(facts, 'events', `rule/${ruleName(facts)}`) },
    invokesBy: 'address',
    warning: AWS_ONLY,
  },
  'AWS::IoT::TopicRule': {
    ref: nameFrom('RuleName'),
    attributes: { Arn: (facts) => arn(facts, 'iot', `rule/${nameFrom('RuleName')(facts)}`) },
    invokesBy: 'address',
    warning: AWS_ONLY,
  },
  'AWS::SNS::Subscription': {
    ref: subscriptionArn,
    attributes: { Arn: subscriptionArn },
    invokesBy: 'address',
  },
  'AWS::SNS::Topic': {
    ref: topicArn,
    attributes: { TopicArn: topicArn, TopicName: topicName },
    invokesBy: 'address',
    warning: AWS_ONLY,
  },
  'AWS::SNS::TopicInlinePolicy': { ref: generatedName, mayName: ['PolicyDocument'] },
  'AWS::SNS::TopicPolicy': { ref: shortId, attributes: { Id: shortId }, mayName: ['PolicyDocument'] },
  'AWS::SQS::Queue': {
    ref: queueUrl,
    attributes: {
      Arn: (facts) => arn(facts, 'sqs', queueName(facts)),
      QueueName: queueName,
      QueueUrl: queueUrl,
    },
    warning: AWS_ONLY,
  },
  'AWS::SQS::QueueInlinePolicy': { ref: generatedName, mayName: ['PolicyDocument'] },
  'AWS::SQS::QueuePolicy': { ref: generatedName, attributes: { Id: generatedName }, mayName: ['PolicyDocument'] },
  'AWS::Scheduler::Schedule': {
    ref: nameFrom('Name'),
    attributes: {
      Arn: (facts) => arn(facts, 'scheduler', `schedule/${scheduleGroup(facts)}/${nameFrom('Name')(facts)}`),
    },
    invokesBy: 'name',
    warning: AWS_ONLY,
  },
  'AWS::Scheduler::ScheduleGroup': {
    ref: nameFrom('Name'),
    attributes: { Arn: (facts) => arn(facts, 'scheduler', `schedule-group/${nameFrom('Name')(facts)}`) },
  },
  'AWS::StepFunctions::Activity': { ref: activityArn, attributes: { Arn: activityArn, Name: nameFrom('Name') } },
  'AWS::StepFunctions::StateMachine': {
    ref: machineArn,
    attributes: { Arn: machineArn, Name: nameFrom('StateMachineName') },
    refused: { DefinitionS3Location: 'nobody here can see whether it invokes functions of the stack' },
    invokesBy: 'name',
    warning: AWS_ONLY,
  },
};
