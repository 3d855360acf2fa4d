'use strict';
/* global console */

//import API helper
const api = require('./api.cjs');

// Send a quick reply message
function sendQuickReply(psid, text, title, postback_payload) {
  console.log('SENDING QUICK REPLY');

  let payload = {};

  payload.recipient = {
    id: psid,
  };

  payload.message = {
    text: text,
    quick_replies: [
      {
        content_type: 'text',
        title: title,
        payload: postback_payload,
      },
    ],
  };

  api.call('/messages', payload, () => {});
}

// export the sendQuickReply function so it can be used elsewhere
module.exports = sendQuickReply;
