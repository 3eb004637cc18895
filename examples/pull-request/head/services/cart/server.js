import { createServer } from "node:http";

const items = new Map();

createServer((request, response) => {
  const user = new URL(request.url, "http://cart").searchParams.get("user");
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(items.get(user) ?? []));
}).listen(8080);
