// Every material of a person, compiled once for each by the constant `material`.
// shading.x is ambient occlusion everywhere; tint and shading.y mean, by material:
// skin: tint.r scalp, tint.g beard, shading.y inside of the mouth; hair: shading.y place along the strand,
// texel.x place across it, texel.y which strand;
// mouth: tint.a 0 tongue, 0.5 lower, 1 upper teeth; cloth: texel.x distance from a cut edge, texel.y from a seam;
// lash: shading.x upper lid, shading.y distance from the lid.
const int SKIN = 0, EYE = 1, MOUTH = 2, HAIR = 3, CLOTH = 4, LASH = 5;
const float PI = 3.14159;
const float UPPER_TEETH[7] = float[](0., .100, .178, .268, .353, .438, .60);     // where teeth meet, from the middle
const float LOWER_TEETH[7] = float[](0., .062, .132, .212, .297, .382, .60);
const float SEAM = 6.612;                 // canonical height at which the lips meet

in vec3 world, world_normal, place;
in vec4 tint, lit;
in vec2 texel, shading;
out vec4 pixel;

uniform vec3 eye;
uniform vec3 light_directions[3], light_colours[3], sky_low, sky_high;   // key, fill, rim
uniform vec3 skin_colour, lip_colour, hair_colour;
uniform float hair_shine, knit, blush, lip_gloss, freckles, smile;
uniform vec3 own;                         // moves the grain of the skin, so that no two people share their spots
uniform vec4 paint_box;                   // canonical x0, y0, x1, y1 that the paint covers
uniform sampler2DShadow shadow_map;
uniform sampler2D lips, paint, relief, grain;

// Laid on from the front, and on the sides of a head from the side: nowhere is it drawn out into streaks. Cloth has its
// sides elsewhere, and goes on over the shoulders.
const float SLIDE = material == CLOTH ? -1. : 0.;      // how far grain moves up with each step along z
float side;                               // how much of the grain is laid on from the side

float noise(vec3 p) {
    return mix(texture(grain, vec2(p.x, p.y + SLIDE * p.z) * .05).r, texture(grain, p.zy * .05 + sign(place.x) * .37).r, side);
}

// One spot in some cells of a grid, round, of a size of its own.
float freckle(vec2 p) {
    vec2 cell = floor(p);
    vec3 chance = vec3(textureLod(grain, cell * vec2(.371, .213), 0.).r, textureLod(grain, cell * vec2(.157, .439), 0.).r,
                       textureLod(grain, cell * vec2(.291, .333), 0.).r);
    float size = .14 + .4 * abs(chance.z - .5);
    return smoothstep(size, .4 * size, length(p - cell - .5 - .6 * (chance.xy - .5))) * smoothstep(.42, .58, chance.y);
}

float blob(vec2 p, vec2 centre, vec2 radius) {
    vec2 d = (p - centre) / radius;
    return exp(-dot(d, d));
}

// Percentage-closer filtering over 3 x 3 taps.
float sunlit(float bias) {
    vec3 q = lit.xyz / lit.w * .5 + .5;
    float step_size = 3. / 1024., sum = 0.;
    for (int i = -1; i <= 1; i++)
        for (int j = -1; j <= 1; j++) sum += texture(shadow_map, vec3(q.xy + vec2(i, j) * step_size, q.z - bias));
    return sum / 9.;
}

// Kajiya and Kay's model with two highlights, the second in the hair's own colour.
vec3 hair_light(vec3 tangent, vec3 view, float key_light) {
    float depth = mix(.35, 1., smoothstep(0., .6, shading.y)) * mix(.35, 1., shading.x);
    // Locks and strands differ in colour, which runs along them.
    float locks = texture(grain, vec2(place.x - .7 * sign(place.x) * place.z, .11 * place.y) * .8).r;
    depth *= 1. + .64 * (locks - .5) * smoothstep(.35, .85, abs(tangent.y));
    // A strip is as wide as several hairs: each has its own light, and they wind around one another.
    float hairs = texture(grain, vec2(texel.x * .034 + texel.y * .37 + .006 * shading.y, texel.y + .05 * shading.y)).r;
    depth *= 1. + 1.3 * (hairs - .5);
    vec3 sum = tint.rgb * mix(sky_low, sky_high, .6) * depth;
    for (int i = 0; i < 3; i++) {
        vec3 l = normalize(light_directions[i]), h = normalize(l + view);
        float along = dot(tangent, l);
        float diffuse = sqrt(max(0., 1. - along * along));
        float t1 = dot(tangent + vec3(0, .12, 0), h), t2 = dot(tangent - vec3(0, .12, 0), h);
        float white = pow(sqrt(max(0., 1. - t1 * t1)), 70.), coloured = pow(sqrt(max(0., 1. - t2 * t2)), 18.);
        float visible = i == 0 ? mix(.35, 1., key_light) : 1.;
        sum += light_colours[i] * visible * depth
             * (tint.rgb * diffuse * .55 + vec3(.10) * white * hair_shine + tint.rgb * coloured * .5);
    }
    return sum;
}

// How far lips are drawn rather than grown, which goes with their gloss.
float made_up() { return smoothstep(.35, .65, lip_gloss); }

vec2 on_paint() { return (place.xy - paint_box.xy) / (paint_box.zw - paint_box.xy); }

vec3 skin_albedo(float lip, float inside, float pores, float fine) {
    vec2 cheek = vec2(abs(place.x), place.y);
    float front = smoothstep(.25, .6, place.z);
    vec3 c = skin_colour * (1.02 + .16 * (pores - .5) - .10 * smoothstep(.52, .82, fine));
    // Blood and melanin are uneven, in patches of a centimetre and of a few millimetres.
    float patches = .6 * noise(place * 2.9 + own) + .4 * noise(place * 7.1 - own);
    c *= mix(vec3(1.045, .965, .955), vec3(.97, 1.01, 1.015), smoothstep(.25, .75, patches));
    c *= mix(vec3(1), vec3(.86, .77, .80), .8 * blob(cheek, vec2(.27, 7.175), vec2(.17, .05)) * front);   // under the eyes
    c *= mix(vec3(1), vec3(.90, .82, .82), blob(cheek, vec2(.17, 7.31), vec2(.10, .10)) * front);   // beside the nose's root
    c *= mix(vec3(1), vec3(.93, .86, .84), .8 * blob(cheek, vec2(.32, 7.36), vec2(.17, .055)) * front);   // upper lids
    float ear = smoothstep(.76, .84, cheek.x) * smoothstep(6.6, 6.8, cheek.y);
    c *= mix(vec3(1), vec3(1.06, .84, .81) * mix(vec3(.50, .30, .27), vec3(1), smoothstep(.1, .75, shading.x)), ear);
    float spots = max(freckle(place.xy * 21. + own.xy), freckle(place.yx * 33. + own.yz)) * smoothstep(.3, .6, patches);
    float where = blob(cheek, vec2(.26, 6.95), vec2(.34, .22)) + .35 * blob(cheek, vec2(.1, 7.75), vec2(.5, .2));
    c *= mix(vec3(1), vec3(.72, .58, .50), freckles * spots * min(where, 1.) * front);
    c = mix(c, c * vec3(1.06, .86, .84), .55 * blob(cheek, vec2(.42, 6.86), vec2(.24, .18)) * front * blush);
    c = mix(c, c * vec3(1.05, .84, .81), .75 * blob(place.xy, vec2(0, 6.93), vec2(.15, .12)) * front * (.3 + .7 * blush));
    c *= mix(vec3(1), vec3(1.02, .91, .89), .6 * blob(place.xy, vec2(0, 6.27), vec2(.2, .1)) * front);   // chin
    vec4 painted = texture(paint, on_paint());
    float dots = smoothstep(7.15, 7.05, place.y) * smoothstep(6.1, 6.4, place.y);   // of stubble; below the chin they would be lines
    c = mix(c, painted.rgb, min(painted.a * mix(1., .78 + .44 * smoothstep(.40, .66, noise(place * 130. - own)), dots), 1.) * front);
    c = mix(c, hair_colour * .3, tint.r);
    c = mix(c, mix(c, hair_colour, .96), tint.g);
    vec3 red = lip_colour * (1. + .45 * (noise(place * vec3(46, 7, 30)) - .5));
    red *= mix(vec3(.86, .82, .84), vec3(1.03, 1.03, 1.03), smoothstep(SEAM + .03, SEAM - .03, place.y));   // the lower lip has more light
    c = mix(c, red, lip * mix(.84, .9, made_up()));
    return mix(c, vec3(.21, .055, .05), inside);
}

// Iris, pupil and white of an eye, of which `tint` is the iris's colour; all by the angle from its axis.
vec3 eye_albedo(vec3 key) {
    vec3 towards = normalize(place);
    float radius = acos(clamp(towards.z, -1., 1.)) / .47, turn = atan(towards.y, towards.x) / (2. * PI);
    float fibres = .65 * textureLod(grain, vec2(turn * 2., radius * .05), 0.).r
                 + .35 * textureLod(grain, vec2(turn * 5. + radius * .11, radius * .12), 0.).r;
    vec3 iris = tint.rgb * (.22 + 1.05 * fibres);
    iris = mix(iris * vec3(1.35, 1.12, .85), iris, smoothstep(.44, .66, radius + .18 * (fibres - .5)));   // the collarette
    iris *= 1. - .8 * smoothstep(.80, 1., radius);
    // The cornea gathers the key light on the side that is away from it.
    iris *= 1. + .6 * smoothstep(.3, .9, radius) * dot(towards.xy / max(length(towards.xy), 1e-3), -normalize(key.xy));
    iris *= smoothstep(.36, .42, radius);
    float out_of = smoothstep(1., 2.1, radius);
    vec3 white = mix(vec3(.49, .465, .45), vec3(.44, .30, .27), out_of * out_of);
    float veins = smoothstep(.045, 0., abs(texture(grain, towards.xy * vec2(.10, .22) + own.xy).r - .5));
    white *= mix(vec3(1), vec3(.93, .66, .63), veins * smoothstep(1.1, 1.9, radius));
    return mix(iris, white, smoothstep(.95, 1.07, radius));
}

// A softbox in a mirror that looks along `mirror`: a square with rounded edges around `towards`.
float softbox(vec3 mirror, vec3 towards, vec2 half_size) {
    vec3 right = normalize(cross(vec3(0, 1, 0), towards)), up = cross(towards, right);
    vec2 at = abs(vec2(dot(mirror, right), dot(mirror, up))) / max(dot(mirror, towards), 1e-3);
    vec2 inside = smoothstep(half_size + .05, half_size - .05, at);
    return inside.x * inside.y * step(0., dot(mirror, towards));
}

// Enamel or gum at a place on a row of teeth; the gaps between them are carved into the normal and the outline.
vec3 tooth(bool upper, inout vec3 n) {
    float angle = atan(place.x, place.z - .9), along = abs(angle) * (.615 - .055 * angle * angle);
    float t = 0., number = 0.;                          // place across the tooth, -1 to 1, and which one it is
    for (int i = 0; i < 6; i++) {
        float from = upper ? UPPER_TEETH[i] : LOWER_TEETH[i], to = upper ? UPPER_TEETH[i + 1] : LOWER_TEETH[i + 1];
        if (along >= from) { t = 2. * (along - from) / (to - from) - 1.; number = float(i); }
    }
    float from_edge = upper ? place.y - 6.633 - .85 * place.x * place.x : 6.565 + 1.2 * place.x * place.x - place.y;
    float aside = t * t * t * t;
    if (from_edge < (upper ? .026 : .016) * aside * t * t) discard;
    n = normalize(n + vec3(cos(angle), 0, -sin(angle)) * sign(angle) * .45 * t * abs(t));
    vec3 enamel = tint.rgb * (1. - .05 * mod(number, 2.) - .04 * mod(number * .5, 2.));
    enamel *= mix(vec3(.90, .93, .97), vec3(1), smoothstep(0., .03, from_edge));
    enamel *= mix(vec3(1), vec3(1, .93, .82), smoothstep(.05, .11, from_edge));
    enamel *= mix(1., .5, smoothstep(.86, 1., abs(t)));
    float gum = smoothstep(-.006, .006, from_edge - (upper ? .118 : .085) + .030 * t * t);
    return mix(enamel, vec3(.46, .17, .15) * (.85 + .15 * aside), gum);
}

void main() {
    vec3 n = normalize(world_normal), view = normalize(eye - world);
    vec3 key = normalize(light_directions[0]);
    float occlusion = shading.x;
    side = material == CLOTH ? smoothstep(.55, .85, abs(world_normal.x)) : smoothstep(.34, .56, abs(place.x));
    float key_light = sunlit(.0035 + .010 * (1. - max(0., dot(n, key))));

    if (material == LASH) {
        // Lashes stand unevenly, lean in groups and differ in length.
        float reach = shading.y / .72, groups = textureLod(grain, vec2(texel.x * .075, .3), 0.).r - .5;
        float at = texel.x * texel.y * 1.15 + groups * (1.2 + 2. * reach);
        float length_of = .72 + .6 * textureLod(grain, vec2(floor(at) * .0717, .71), 0.).r;
        float hair = abs(fract(at) - .5) * 2.;
        if (shading.x < .5 || reach > min(length_of, 1.) || hair < mix(.10, 1., reach / length_of)) discard;     // lower lashes would be dots
        pixel = vec4(mix(tint.rgb * .35, skin_colour * .4, .8 * reach * reach), 1);     // towards its tip it is finer than a sample
        return;
    }
    if (material == HAIR) {
        pixel = vec4(hair_light(n, view, key_light), 1);
        return;
    }

    vec3 albedo = tint.rgb, scatter = vec3(0);
    float roughness = .5, reflectance = .04, wrap = 0.;
    float enclosed = material == MOUTH ? 1. : 0.;       // where neither fill nor rim light can reach
    if (material == SKIN) {
        float lip = mix(smoothstep(.05, .95, texture(lips, texel, 2.2).r), smoothstep(.12, .75, texture(lips, texel).r),
                        .25 + .75 * made_up());
        float inside = shading.y;
        float fine = noise(place * 67. + own);
        float pores = noise(place * 11. + own) * .3 + noise(place * 29. - own) * .35 + fine * .35;
        albedo = skin_albedo(lip, inside, pores, fine);
        float seam = lip * smoothstep(.022, .004, abs(place.y - SEAM));
        float nostril = smoothstep(.35, .7, blob(vec2(abs(place.x), place.z), vec2(.086, 1.572), vec2(.042, .046)))
                      * smoothstep(6.78, 6.83, place.y) * smoothstep(6.92, 6.89, place.y);
        albedo *= 1. - .75 * nostril * vec3(.8, 1, 1);
        enclosed = max(max(inside, nostril), max(seam, lip));
        occlusion *= 1. - .45 * seam;
        float oily = blob(place.xy, vec2(0, 7.0), vec2(.13, .35)) + .8 * blob(place.xy, vec2(0, 7.7), vec2(.35, .2))
                   + .4 * blob(vec2(abs(place.x), place.y), vec2(.36, 7.02), vec2(.13, .08)) + .5 * blob(place.xy, vec2(0, 6.27), vec2(.12, .08));
        oily *= .55 + .9 * noise(place * 5.3 + own);
        roughness = mix(mix(.62, .42, pores) - .10 * oily, .30, lip * lip_gloss);
        wrap = .36;
        scatter = vec3(.78, .22, .12) * (1. - inside);
        vec3 bump = vec3(noise(place * 90. + 3.1), noise(place * 90.), noise(place * 90. - 7.7)) - .5;
        bump += .9 * (vec3(noise(place * 41. + own), noise(place * 41. - own), noise(place * 41. + own.yzx)) - .5);
        vec4 slopes = texture(relief, on_paint()) - 128. / 255.;
        vec2 form = slopes.rg + smile * slopes.ba;
        bump = mix(bump * .085, vec3(.30 * (noise(place * vec3(46, 7, 30) + .6) - .5), 0, 0) + bump * .05, lip);
        n = normalize(n + bump - vec3(3. * form, 0) * smoothstep(.25, .6, place.z));
        occlusion *= mix(1., .45, inside);
        reflectance = mix(.020 + .020 * min(oily, 1.), .04, lip) * occlusion;
    } else if (material == EYE) {
        albedo = eye_albedo(key);
        roughness = .08;
        reflectance = .05;
        wrap = .25;
        scatter = vec3(.5, .3, .25);
        key_light = mix(key_light, 1., .35);
    } else if (material == MOUTH) {
        roughness = .25;
        if (tint.a > .25) albedo = tooth(tint.a > .75, n) * smoothstep(1.0, 1.42, place.z);
        else albedo *= (.8 + .4 * noise(place * 80.)) * (1. - .3 * smoothstep(.05, 0., abs(place.x))) * mix(.45, 1., smoothstep(.21, .09, abs(place.x)));
        reflectance = .05 * occlusion * occlusion;
        wrap = .3;
        scatter = vec3(.3, .2, .15);
        key_light = mix(key_light, 1., .4);
    } else if (material == CLOTH) {
        roughness = .85;
        reflectance = .02;
        wrap = .15;
        vec2 q = vec2(abs(place.x), place.y);
        vec3 lie = vec3(dot(q, vec2(.8, .6)) * .8, dot(q, vec2(-.6, .8)) * 2.4, place.z) + own * sign(place.x);
        float fold = noise(lie);
        vec2 bend = vec2(noise(lie + vec3(.08, 0, 0)), noise(lie + vec3(0, .08, 0))) - fold;
        bend = vec2(.8 * bend.x * .8 - .6 * bend.y * 2.4, .6 * bend.x * .8 + .8 * bend.y * 2.4);
        n = normalize(n - .75 * vec3(bend.x * sign(place.x), bend.y, 0));
        float weave = .5 * (noise(place * vec3(150, 34, 34)) + noise(place * vec3(34, 150, 150)));
        vec2 stitch = vec2(place.x, place.y + SLIDE * place.z) * vec2(30., 24.);
        float aside = abs(fract(stitch.x) - .5);
        float loops = smoothstep(.1, .5, abs(fract(stitch.y + 1.2 * aside) - .5)) * smoothstep(.02, .16, aside);
        if (texel.x < 0.) discard;
        // Two pieces meet in a groove that pulls the cloth in; stitches run on both sides.
        float seam = abs(texel.y), across = length(vec2(dFdx(texel.y), dFdy(texel.y)));
        float groove = smoothstep(.004 + across, .001, seam);
        float stitches = smoothstep(.0035 + across, .001, abs(seam - .022)) * smoothstep(.16, .24, abs(fract(dot(place, vec3(22., 22., 22.))) - .5));
        albedo *= (1. - .42 * groove) * (1. - .30 * stitches) * (1. - .10 * smoothstep(.05, .0, seam));
        albedo *= 1. - .45 * smoothstep(.03, 0., abs(texel.x - .03)) * step(1e-6, texel.x);     // the seam of a cut
        albedo *= (.86 + .28 * noise(place * 44.)) * mix(.80 + .40 * weave, .88 + .16 * loops, knit);
    }

    // Wrapped diffuse light bleeds red through skin; the highlight is GGX with Smith's shadowing.
    float nv = max(dot(n, view), 1e-3), a = roughness * roughness, k = a * .5;
    float shine = material == MOUTH ? occlusion * occlusion : 1.;
    vec3 sum = albedo * mix(sky_low, sky_high, n.y * .5 + .5) * occlusion;
    if (material == SKIN) sum *= vec3(1.15, .98, .88) * pow(vec3(max(occlusion, .02)), vec3(0., .18, .24));   // what skin throws onto skin is warm
    vec3 warmed = material == SKIN ? vec3(1.08, .97, .86) : vec3(1);
    for (int i = 0; i < 3; i++) {
        vec3 l = normalize(light_directions[i]), h = normalize(l + view);
        float nl = dot(n, l), nh = max(dot(n, h), 0.);
        float visible = i == 0 ? key_light : 1. - (i == 1 ? .7 : .97) * enclosed;
        vec3 around = vec3(wrap) * (.25 + scatter);
        vec3 diffuse = max(vec3(0), (nl + around) / (1. + around));
        vec3 soft = mix(vec3(visible), vec3(smoothstep(0., .55, visible), visible, visible), material == SKIN ? .6 : 0.);
        float spread = nh * nh * (a * a - 1.) + 1.;
        float distribution = a * a / (PI * spread * spread);
        float masking = 1. / ((nv * (1. - k) + k) * (max(nl, 0.) * (1. - k) + k) + 1e-3);
        float fresnel = reflectance + (1. - reflectance) * pow(1. - max(dot(h, view), 0.), 5.);
        float highlight = .25 * distribution * masking * fresnel * max(nl, 0.) * visible * shine;
        sum += light_colours[i] * (i == 1 ? warmed : vec3(1)) * (albedo * diffuse * soft + highlight) * mix(1., i == 2 ? occlusion * occlusion : occlusion, i == 0 ? .5 : .95);
    }
    if (material == SKIN || material == CLOTH)
        sum += light_colours[2] * pow(1. - nv, 4.) * .10 * occlusion * albedo * 2.;
    if (material == EYE) {
        vec3 mirror = reflect(-view, n);
        // Lids shade what lies next to them: most of all the upper one, and both in the corners.
        sum *= 1. - .55 * smoothstep(.02, .32, place.y);
        sum *= 1. - .25 * smoothstep(-.14, -.34, place.y);
        sum *= 1. - .5 * smoothstep(.4, .9, abs(place.x));
        sum += vec3(1.9) * softbox(mirror, normalize(vec3(-.31, .17, .93)), vec2(.13, .16));
        sum += vec3(.05) * softbox(mirror, normalize(vec3(.5, -.2, .84)), vec2(.12, .2));
        sum += sky_high * .10 * smoothstep(-.2, .9, mirror.y);
    }
    pixel = vec4(sum, 1);
}
