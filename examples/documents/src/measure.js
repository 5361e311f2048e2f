'use strict';

// The consumer of the table's stream: a line in CloudWatch's embedded metric format becomes a metric.
exports.handler = async (event) => {
  const counts = new Map();
  for (const { dynamodb } of event.Records) {
    const state = dynamodb.NewImage?.state?.S;
    if (state && state !== dynamodb.OldImage?.state?.S) counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  for (const [state, count] of counts) {
    console.log(JSON.stringify({
      _aws: {
        Timestamp: Date.now(),
        CloudWatchMetrics: [{ Namespace: 'Documents', Dimensions: [['state']], Metrics: [{ Name: 'documents' }] }],
      },
      state,
      documents: count,
    }));
  }
};
