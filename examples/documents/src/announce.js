'use strict';

// The subscriber of the topic.
exports.handler = async (event) => {
  for (const { Sns } of event.Records) {
    console.log('finished', Sns.Message);
  }
};
