'use strict';
/* global Buffer, console, process */

/* The least that can be done for an event: read it, answer 200, call Graph. No check, no order, no promise, no line of log. */

const http = require('node:http');
const { Pool } = require('undici');

const graph = new Pool(process.env.GRAPH_API_URL, { connections: 100 });
const path = `/me/messages?access_token=${process.env.PAGE_ACCESS_TOKEN}`;
const headers = { 'content-type': 'application/json' };

async function welcome(psid) {
  const { body } = await graph.request({
    path,
    method: 'POST',
    headers,
    body: JSON.stringify({
      recipient: { id: psid },
      messaging_type: 'RESPONSE',
      message: {
        text: 'Welcome! The bot is currently in control. \n\n Tap "Pass to Inbox" to pass control to the Page Inbox.',
        quick_replies: [{ content_type: 'text', title: 'Pass to Inbox', payload: 'pass_to_inbox' }],
      },
    }),
  });
  JSON.parse(await body.text());
}

const server = http.createServer((req, res) => {
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('end', () => {
    const { entry } = JSON.parse(Buffer.concat(chunks).toString());
    res.writeHead(200, { 'Content-Length': 2 }).end('OK');
    for (const { messaging } of entry) {
      for (const event of messaging) welcome(event.sender.id).catch(console.error);
    }
  });
});

server.listen(Number(process.env.PORT), () => {
  console.log('webhook is listening');
});
