'use strict';
/* global console, process */

/* The welcome text with its quick reply as a Bottender bot: signatures checked, sessions in memory, all else at its default. */

const { createServer } = require('@bottender/express');
const { MessengerBot } = require('bottender');

const bot = new MessengerBot({
  accessToken: process.env.PAGE_ACCESS_TOKEN,
  appId: '100',
  appSecret: process.env.APP_SECRET,
  verifyToken: process.env.VERIFY_TOKEN,
  origin: process.env.GRAPH_API_URL,
});

bot.onEvent(async (context) => {
  await context.sendText(
    'Welcome! The bot is currently in control. \n\n Tap "Pass to Inbox" to pass control to the Page Inbox.',
    { quickReplies: [{ contentType: 'text', title: 'Pass to Inbox', payload: 'pass_to_inbox' }] },
  );
});

createServer(bot, { path: '/webhook' }).listen(Number(process.env.PORT), () => {
  console.log('webhook is listening');
});
