// The page of an account's video while it is made: not every browser plays by itself what still grows.

import {begun} from "./api.js";
import {offerCaptions, playGrowing} from "./player.js";

const player = document.getElementById("player");
const problem = document.getElementById("problem");
const order = {id: location.pathname.split("/").at(-2)};

playGrowing(player, order, () => {}, begun).whole
  .then(() => offerCaptions(player, order)) // by now they are exact
  .catch(error => {
    problem.textContent = error.message;
    problem.hidden = false;
  });
