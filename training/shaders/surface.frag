// Every material of a person, compiled once for each by the constant `material`.
// shading.x is ambient occlusion everywhere; tint and shading.y mean, by material:
// skin: tint.r scalp, tint.g beard, shading.y inside of the mouth; hair: shading.y place along the strand;
// lash: shading.x upper lid, shading.y distance from the lid.
const int SKIN = 0, EYE = 1, MOUTH = 2, HAIR = 3, CLOTH = 4, LASH = 5;
const float PI = 3.14159;

in vec3 world, world_normal, place;
in vec4 tint, lit;
in vec2 texel, shading;
out vec4 pixel;

uniform vec3 eye;
uniform vec3 light_directions[3], light_colours[3], sky_low, sky_high;   // key, fill, rim
uniform vec3 skin_colour, lip_colour, hair_colour;
uniform float hair_shine, knit, blush, lip_gloss;
uniform vec4 paint_box;                   // canonical x0, y0, x1, y1 that the paint covers
uniform sampler2DShadow shadow_map;
uniform sampler2D lips, paint, grain;

float noise(vec3 p) { return texture(grain, p.xy * .05 + p.z * vec2(.037, .021)).r; }

float blob(vec2 p, vec2 centre, vec2 radius) {
    vec2 d = (p - centre) / radius;
    return exp(-dot(d, d));
}

// Percentage-closer filtering over 3 x 3 taps.
float sunlit(float bias) {
    vec3 q = lit.xyz / lit.w * .5 + .5;
    float step_size = 2.2 / 1024., sum = 0.;
    for (int i = -1; i <= 1; i++)
        for (int j = -1; j <= 1; j++) sum += texture(shadow_map, vec3(q.xy + vec2(i, j) * step_size, q.z - bias));
    return sum / 9.;
}

// Kajiya and Kay's model with two highlights, the second in the hair's own colour.
vec3 hair_light(vec3 tangent, vec3 view, float key_light) {
    float depth = mix(.35, 1., smoothstep(0., .6, shading.y)) * mix(.35, 1., shading.x);
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

vec3 skin_albedo(float lip, float inside, float pores) {
    vec2 cheek = vec2(abs(place.x), place.y);
    float front = smoothstep(.25, .6, place.z);
    vec3 c = skin_colour * (1. + .07 * (pores - .5));
    c = mix(c, c * vec3(1.06, .86, .84), .55 * blob(cheek, vec2(.42, 6.86), vec2(.24, .18)) * front * blush);
    c = mix(c, c * vec3(1.05, .88, .86), .5 * blob(place.xy, vec2(0, 6.93), vec2(.14, .12)) * front * blush);
    c = mix(c, lip_colour * (1. + .12 * (noise(place * vec3(60, 14, 30)) - .5)), lip * .9);
    vec4 painted = texture(paint, (place.xy - paint_box.xy) / (paint_box.zw - paint_box.xy));
    c = mix(c, painted.rgb, painted.a * front);
    c = mix(c, hair_colour * .8, tint.r);
    c = mix(c, mix(c, hair_colour, .75), tint.g);
    return mix(c, vec3(.21, .055, .05), inside);
}

void main() {
    vec3 n = normalize(world_normal), view = normalize(eye - world);
    vec3 key = normalize(light_directions[0]);
    float occlusion = shading.x;
    float key_light = sunlit(.0035 + .010 * (1. - max(0., dot(n, key))));

    if (material == LASH) {
        float hair = abs(fract(texel.x * texel.y) - .5) * 2., reach = shading.y / .72;
        if (reach > 1. || hair < mix(mix(.90, .42, shading.x), 1., reach)) discard;
        pixel = vec4(tint.rgb * .35, 1);
        return;
    }
    if (material == HAIR) {
        pixel = vec4(hair_light(n, view, key_light), 1);
        return;
    }

    vec3 albedo = tint.rgb, scatter = vec3(0);
    float roughness = .5, reflectance = .04, wrap = 0.;
    if (material == SKIN) {
        float lip = smoothstep(.12, .75, texture(lips, texel).r), inside = shading.y;
        float pores = noise(place * 9.) * .6 + noise(place * 23.) * .4;
        albedo = skin_albedo(lip, inside, pores);
        roughness = mix(mix(.46, .38, pores), .28, lip * lip_gloss);
        wrap = .35;
        scatter = vec3(.9, .25, .15) * (1. - inside);
        vec3 bump = vec3(noise(place * 90. + 3.1), noise(place * 90.), noise(place * 90. - 7.7)) - .5;
        n = normalize(n + .05 * bump * (1. - lip));
        occlusion *= mix(1., .45, inside);
        reflectance = mix(.028, .045, lip) * occlusion;
    } else if (material == EYE) {
        roughness = .08;
        reflectance = .05;
        wrap = .25;
        scatter = vec3(.5, .3, .25);
        key_light = mix(key_light, 1., .35);
    } else if (material == MOUTH) {
        roughness = .25;
        reflectance = .05 * occlusion * occlusion;
        wrap = .3;
        scatter = vec3(.3, .2, .15);
        key_light = mix(key_light, 1., .4);
    } else if (material == CLOTH) {
        roughness = .85;
        reflectance = .02;
        wrap = .15;
        float weave = noise(place * 70.);
        albedo *= (.9 + .2 * weave) * (1. - .10 * step(.5, fract(place.y * 26. + .05 * weave)) * knit);
    }

    // Wrapped diffuse light bleeds red through skin; the highlight is GGX with Smith's shadowing.
    float nv = max(dot(n, view), 1e-3), a = roughness * roughness, k = a * .5;
    float shine = material == MOUTH ? occlusion * occlusion : 1.;
    vec3 sum = albedo * mix(sky_low, sky_high, n.y * .5 + .5) * occlusion;
    for (int i = 0; i < 3; i++) {
        vec3 l = normalize(light_directions[i]), h = normalize(l + view);
        float nl = dot(n, l), nh = max(dot(n, h), 0.), visible = i == 0 ? key_light : 1.;
        vec3 around = vec3(wrap) * (.25 + scatter);
        vec3 diffuse = max(vec3(0), (nl + around) / (1. + around));
        vec3 soft = mix(vec3(visible), vec3(smoothstep(0., .6, visible), visible, visible), .6);
        float spread = nh * nh * (a * a - 1.) + 1.;
        float distribution = a * a / (PI * spread * spread);
        float masking = 1. / ((nv * (1. - k) + k) * (max(nl, 0.) * (1. - k) + k) + 1e-3);
        float fresnel = reflectance + (1. - reflectance) * pow(1. - max(dot(h, view), 0.), 5.);
        float highlight = .25 * distribution * masking * fresnel * max(nl, 0.) * visible * shine;
        sum += light_colours[i] * (albedo * diffuse * soft + highlight) * mix(1., occlusion, i == 0 ? .5 : .9);
    }
    if (material == SKIN || material == CLOTH)
        sum += light_colours[2] * pow(1. - nv, 4.) * .10 * occlusion * albedo * 2.;
    if (material == EYE) {
        vec3 mirror = reflect(-view, n);
        sum += vec3(1.1) * smoothstep(.955, .975, dot(mirror, key));
        sum += vec3(.18) * smoothstep(.90, .95, dot(mirror, normalize(light_directions[1])));
        sum *= 1. - .45 * smoothstep(.25, .8, place.y);     // shade of the upper lid
    }
    pixel = vec4(sum, 1);
}
